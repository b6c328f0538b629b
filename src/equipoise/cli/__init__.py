"""The command line: one command, one file.

Exit status: 0 a result to be trusted (undecided and untestable are results), 2 bad input or usage
(one line on standard error), 3 it ran but is not to be trusted (said first), 130 interrupted.
"""

from equipoise.cli.app import app, main

__all__ = ["app", "main"]
