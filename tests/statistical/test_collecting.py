"""Runs killed fifty times, recorded."""

import pytest
from killed import DRAWS, Zygote, killed_and_resumed

KILLS = 50
IN_FLIGHT = 4


@pytest.mark.slow
def test_killed_fifty_times(record, tmp_path):
    zygote = Zygote()
    try:
        series = {}
        for mode in ("direct", "batches"):
            folder = tmp_path / mode
            folder.mkdir()
            # It fails by itself unless each store, resumed, equals that of an undisturbed run.
            series[mode] = killed_and_resumed(zygote, folder, mode, KILLS, seed=8)
    finally:
        zygote.close()
    claims, numbers = [], {}
    for mode, one in series.items():
        hit = sum(run.hit for run in one.runs)
        claims += [
            (f"{mode}: resumed to the store of an undisturbed run", len(one.runs), KILLS, KILLS),
            (f"{mode}: the kill found the run at work", hit, KILLS // 2, None),
        ]
        numbers[mode] = {
            "answers_stored_when_killed": [run.stored_before for run in one.runs],
            "requests": [run.asked for run in one.runs],
        }
    most = max(run.asked for run in series["direct"].runs) - DRAWS
    claims += [
        ("direct: most requests asked twice in a run", most, 0, IN_FLIGHT),
        ("batches: made for 51 runs of three", series["batches"].batches, 153, 153),
    ]
    failures = record(
        "killed",
        "runs killed by kill -9 at random moments and resumed: same jobs, one answer each, "
        "integrity_check ok.",
        settings={
            "draws": DRAWS,
            "kills": KILLS,
            "in_flight": IN_FLIGHT,
            "moment": "uniform over the time that an undisturbed run takes, start of the process "
            "included",
        },
        claims=claims,
        numbers=numbers,
    )
    assert not failures
