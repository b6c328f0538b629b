"""Is Equipoise calibrated? Simulate from its own priors, infer, and compare with the truth.

Parameters drawn from the prior and counts drawn from their kernel make the truth a draw of the
posterior: its rank among posterior draws is uniform (simulation-based calibration: Talts et al.
2018, arXiv:1804.06788), with simultaneous bands after Säilynoja, Bürkner & Vehtari 2022. Data from
both hypotheses in equal numbers check the Bayes factor the same way: p(balance) is the frequency of
balance among data sets that share it (Schad et al. 2022, arXiv:2103.08744; Sekulovski et al. 2024;
Good 1985 for Turing's identity).

``run`` computes, data set by data set, into a journal; ``check`` reads it.
"""

from equipoise.inference.calibration.check import CalibrationCheck, Statement, check
from equipoise.inference.calibration.run import run

__all__ = ["CalibrationCheck", "Statement", "check", "run"]
