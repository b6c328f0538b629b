r"""Hamiltonian Monte Carlo in NumPy, many chains at once, on a model of Gaussian blocks.

Each chain stands at learned scales of its own and, given these, at coordinates u in which the
Gaussian that the posterior resembles is white: with H and h what the data say about the parameters
(information, and precision times value, at a mode), m the mean of their prior and P(σ) its
precision,

.. math:: \theta = m + A^{-1} h + L^{-\mathsf T} u, \qquad A = H + P(\sigma) = L L^{\mathsf T}.

Given the scales Hamilton's equations are split (Shahbaba, Lan, Johnson & Neal 2014, Stat. Comput.
24, 339): the Gaussian turns u and its velocity into each other exactly, and only what the posterior
is besides pushes. The scales are moved with u held, so that θ goes along with them: in a Gaussian
posterior this samples them from their own marginal, and there is no funnel. Tries with θ held may
come between (Yu & Meng 2011, J. Comput. Graph. Stat. 20, 531). The Gaussian changes how fast the
chains move, never what they sample. Nothing is compiled.

Everything is dense here; :mod:`equipoise.inference.sparse.motion` is the same split about sparse
factors, for large tables.
"""

from equipoise.inference.hamilton.reference import (
    Reference,
    State,
    reference_of,
    stacked,
    state_at,
)
from equipoise.inference.hamilton.scales import move_scales, move_scales_apart, redraw_scale
from equipoise.inference.hamilton.tuning import Tuning
from equipoise.inference.hamilton.walk import Effort, Walk, begin, sample, turn

__all__ = [
    "Effort",
    "Reference",
    "State",
    "Tuning",
    "Walk",
    "begin",
    "move_scales",
    "move_scales_apart",
    "redraw_scale",
    "reference_of",
    "sample",
    "stacked",
    "state_at",
    "turn",
]
