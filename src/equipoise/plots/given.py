"""What a figure is drawn of: anything else is refused in one sentence."""

from equipoise.errors import UsageError


def check_drawable(given: object, kind: type, figure: str, maker: str) -> None:
    """Refuse what a figure cannot be drawn of.

    Parameters
    ----------
    given
        What the figure was asked of.
    kind
        What it must be.
    figure
        The function that draws it, for the message.
    maker
        How one gets such a thing: a call, its function with the module, "equipoise.test(counts)".

    Raises
    ------
    UsageError
        If it is anything else.
    """
    if not isinstance(given, kind):
        function, _, arguments = maker.partition("(")
        short = function.rpartition(".")[2]
        raise UsageError(
            f"{figure} takes the result of {function}, not {type(given).__name__}: "
            f"{figure}({short}({arguments})"
        )
