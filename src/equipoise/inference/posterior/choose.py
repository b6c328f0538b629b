"""From a problem to what samples it."""

from equipoise.inference.posterior.backends import DEFAULT, BackendName, backend_for
from equipoise.inference.posterior.compiled import compile_sampler
from equipoise.inference.posterior.numpy_sampler import numpy_sampler
from equipoise.inference.posterior.sampler import Progress, Sampler
from equipoise.inference.problem import Problem


def sampler_for(
    problem: Problem, *, backend: BackendName = DEFAULT, progress: Progress | None = None
) -> Sampler:
    """Return a sampler of a problem; a PyMC model is compiled where the backend needs one.

    Parameters
    ----------
    problem
        The question, from :func:`equipoise.inference.problem_of`.
    backend
        What samples; "auto" takes what is quicker.
    progress
        Called with ("compiling", 0 or 1).

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If there is no such backend.
    MissingDependencyError
        If it is not installed.
    NotTrustedError
        If a posterior mode is not reached.
    """
    chosen = backend_for(backend, problem.n_parameters)
    if chosen == "numpy":
        return numpy_sampler(problem)
    return compile_sampler(problem, backend=chosen, progress=progress)
