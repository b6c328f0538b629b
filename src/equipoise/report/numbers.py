"""Numbers as text, with no more digits than their Monte Carlo error allows."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log, log10

_MOST = 6
_SMALLEST = 0.001
# Where no Monte Carlo error is known: that of some thousand draws, in standard deviations.
_BY_DRAWS = 1 / 30
_LONG = 1e6


def decimals(error: float, sd: float) -> int:
    """Return how many decimals a posterior mean and its interval may show.

    Two, and more where the spread asks for it; fewer where the last digit would be worth less than
    half the Monte Carlo error.

    Parameters
    ----------
    error
        Monte Carlo standard error of the mean.
    sd
        Posterior standard deviation.
    """
    wanted = 2 if sd >= 0.02 or sd <= 0 else min(ceil(-log10(sd)) + 1, _MOST)
    if not isfinite(error) or error <= 0:
        return wanted
    return min(max(floor(0.301 - log10(error)), 0), wanted)


def spread_decimals(lower: float, upper: float) -> int:
    """Return the decimals of a mean whose 95 % interval is known, and its Monte Carlo error not."""
    sd = max(upper - lower, 0.0) / 4
    return decimals(_BY_DRAWS * sd, sd)


def estimate(mean: float, lower: float, upper: float, places: int) -> str:
    """Return "0.12 [0.01, 0.35]"; in powers of ten where so many decimals show too little."""
    wide = upper - lower
    if not 0.0 < wide < 4 * 10.0 ** (1 - _MOST):
        return f"{fixed(mean, places)} {interval(lower, upper, places)}"
    low, high = scientific(lower), scientific(upper)
    return f"{scientific(mean)} [{low}, {high}]"


def scientific(value: float) -> str:
    """Return a number in powers of ten: "4.6·10^-7"."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}·10^{int(exponent)}" if value else "0"


def two_digits(value: float) -> int:
    """Return a positive number as a whole one, of 10 and more the two leading digits: 33,000."""
    unit = int(10 ** max(floor(log10(value)) - 1, 0))
    return round(value / unit) * unit


def error_decimals(error: float, most: int = 2) -> int:
    """Return the decimals that show one digit of an error, ``most`` where it is smaller or 0."""
    if not isfinite(error) or error <= 0:
        return most
    return min(max(ceil(-log10(error)), 0), most)


def fixed(value: float, places: int, *, sign: bool = False) -> str:
    """Return a number with so many decimals, never "-0.0"; thousands are set apart."""
    text = f"{value:+,.{places}f}" if sign else f"{value:,.{places}f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def compact(value: float, places: int) -> str:
    """Return a number with so many decimals; beyond a million in powers of ten: "2.3·10^150".

    Nothing where it is not finite: there is no such number to show.
    """
    if not isfinite(value):
        return ""
    if abs(value) < _LONG:
        return fixed(value, places)
    return scientific(value)


def outward(lower: float, upper: float, places: int) -> tuple[float, float]:
    """Return a range rounded outwards, so that it does not look narrower than it is."""
    unit = 10.0**places
    return floor(lower * unit) / unit + 0.0, ceil(upper * unit) / unit + 0.0


def verdict_range(lower: float, upper: float) -> tuple[str, str]:
    """Return the range of a log Bayes factor in the digits in which the verdict has it."""
    least, most = outward(lower, upper, 1)
    return fixed(least, 1, sign=True), fixed(most, 1, sign=True)


def shown_error(error: float, places: int) -> str:
    """Return a Monte Carlo error in the decimals shown, at least one unit of the last."""
    return fixed(ceil(error * 10**places - 0.5) / 10**places or 10.0**-places, places)


def least_shown(error: float, places: int) -> str:
    """Return a Monte Carlo error, or "<0.01" where it is less than the last decimal shown."""
    unit = 10.0**-places
    return f"<{unit:.{places}f}" if error < unit else shown_error(error, places)


def with_error(value: float, error: float) -> str:
    """Return "-399.01 ± 0.03"."""
    places = error_decimals(error)
    return f"{fixed(value, places, sign=True)} ± {shown_error(error, places)}"


def interval(lower: float, upper: float, places: int) -> str:
    """Return "[0.94, 1.11]"."""
    return f"[{fixed(lower, places)}, {fixed(upper, places)}]"


def aligned(numbers: Sequence[str]) -> list[str]:
    """Append blanks so that decimal points stand below each other when set on the right."""
    tails = [len(text) - text.find(".") if "." in text else 0 for text in numbers]
    longest = max(tails, default=0)
    return [
        text + " " * (longest - tail) if text else text
        for text, tail in zip(numbers, tails, strict=True)
    ]


def probability(value: float) -> str:
    """Return a probability: two decimals, three near 0 and 1, and never 0 or 1 itself."""
    if value < _SMALLEST:
        return f"< {_SMALLEST:g}"
    if value > 1.0 - _SMALLEST:
        return f"> {1.0 - _SMALLEST:g}"
    return f"{value:.3f}" if min(value, 1.0 - value) < 0.01 else f"{value:.2f}"


def equals(shown: str) -> str:
    """Return "= 0.58" or "< 0.001": what follows the name of a probability as it is shown."""
    return shown if shown[:1] in "<>" else f"= {shown}"


def share(value: float, trials: int) -> str:
    """Return the share of so many simulations, which is never known to be 0 or 1."""
    least = 1.0 / trials
    if value < least / 2:
        return f"< {least:.2g}"
    return f"> {1.0 - least:.2g}" if value > 1.0 - least / 2 else f"{value:.2f}"


def odds(log_value: float) -> str:
    """Return ``exp(log_value)``, at least 1, as odds: "1.4", "120", "10^173"."""
    tens = log_value / log(10.0)
    if tens >= 5:
        return f"10^{round(tens)}"
    value = 10.0**tens
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def finite(value: float | None) -> float | None:
    """Return a finite number as a plain float, anything else as None: JSON has no NaN."""
    return float(value) if value is not None and isfinite(value) else None
