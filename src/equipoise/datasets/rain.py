"""Three years of daily rain on Alofi, a classic of Markov chain fitting."""

from pathlib import Path

from equipoise.counts import TransitionCounts


def alofi_rain() -> TransitionCounts:
    """Return 1,096 days of rain on Alofi, counted as steps from one day to the next.

    Returns
    -------
    TransitionCounts
        3 states ("0": none, "1-5": 1 to 5 mm, "6+": 6 mm or more), 1,095 transitions, protocol
        "trajectory" with start "6+"; the last day was "1-5".

    Notes
    -----
    Columns of the file: source (rain of a day), target (rain of the next day), count.

    **Origin**: Avery and Henderson 1999 [1]_; counted from the daily record that the R package
    markovchain ships as ``rain`` (GPL-2). Only the nine counts are bundled: facts, under no
    licence of their own. The order of the days is not, so `to_sequences` does not work.

    References
    ----------
    .. [1] Avery, Henderson 1999. Fitting Markov chain models to discrete state series such as DNA
       sequences. Applied Statistics 48, 53-61.
    """
    return TransitionCounts.from_csv(
        Path(__file__).with_name("alofi-rain.csv"),
        states=("0", "1-5", "6+"),
        protocol="trajectory",
        starts=("6+",),
        metadata={
            "title": "Rain on Alofi, day by day",
            "source": "Avery, Henderson 1999, Applied Statistics 48, 53-61",
            "licence": "counts of published data; facts, under no licence of their own",
            "unit": "mm a day",
            "last": "1-5",
            "trials": "observed",
        },
    )
