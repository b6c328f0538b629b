"""Tasks take one thread of linear algebra each."""

from collections.abc import Callable

from threadpoolctl import threadpool_limits


def one_threaded[A, R](work: Callable[[A], R], task: A) -> R:
    """Do one task with one thread of linear algebra."""
    with threadpool_limits(1, user_api="blas"):
        return work(task)
