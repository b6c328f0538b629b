"""Put the parts of `benchmarks.gpu` together: `python -m benchmarks.gpu merge`.

Writes `gpu.json`, the figures without the long lists, and `gpu.md`.
"""

import json
from pathlib import Path

import numpy as np

from benchmarks.tables import Section, markdown

RECORD = Path(__file__).with_name("gpu.json")
TABLES = Path(__file__).with_name("gpu.md")
NAMES = {"nutpie": "nutpie", "cpu": "numpyro, CPU", "gpu": "numpyro, GPU"}


def merge(folder):
    """Read every part under a folder, hold each run against nutpie's, and write both files."""
    paths = sorted(folder.rglob("gpu-*.json"))
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    parts = [part for part in parts if any("skipped" not in run for run in part["runs"])]
    nutpie = {
        run["n_states"]: run
        for part in parts
        if part["part"] == "nutpie"
        for run in part["runs"]
        if "ess" in run
    }
    for part in parts:
        for run in part["runs"]:
            if part["part"] != "nutpie" and "ess" in run and run["n_states"] in nutpie:
                run |= against(run, nutpie[run["n_states"]])
    record = [part | {"runs": [short(run) for run in part["runs"]]} for part in parts]
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    TABLES.write_text(page(record), encoding="utf-8")


def against(run, reference):
    """Return ratios to nutpie, and how far means and sds of log π are apart.

    z is the difference of the means in units of their joint Monte Carlo error.
    """
    a, b = ({k: np.array(x[k]) for k in ("mean", "sd", "ess")} for x in (run, reference))
    z = (a["mean"] - b["mean"]) / np.sqrt(a["sd"] ** 2 / a["ess"] + b["sd"] ** 2 / b["ess"])
    return {
        "states_compared": len(z),
        "worst_z_of_means": float(np.abs(z).max()),
        "rms_z_of_means": float(np.sqrt((z**2).mean())),
        "worst_ratio_of_sd": float(np.exp(np.abs(np.log(a["sd"] / b["sd"])).max())),
        **{
            f"ratio_{which}": run[f"min_ess_a_second_{which}"]
            / reference[f"min_ess_a_second_{which}"]
            for which in ("warm", "cold")
        },
    }


def short(run):
    return {name: value for name, value in run.items() if not isinstance(value, list)}


def page(record):
    devices = "; ".join(
        f"{NAMES[part['part']]}: {part['about']['device']}, {part['about']['cores']} cores"
        for part in record
    )
    versions = record[0]["about"]["versions"]
    named = ", ".join(f"{name} {value}" for name, value in versions.items() if value)
    return "\n".join(
        [
            "# NUTS on a GPU",
            "",
            f"{devices}. Python {record[0]['about']['python']}, {named}. Written by "
            "`python -m benchmarks.gpu merge`; [README.md](README.md) says what is measured and "
            "what follows from it.",
            "",
            *(markdown(section) for section in (sampling(record), agreement(record))),
            *(markdown(section) for section in (densities(record), tables(record))),
        ]
    )


def sampling(record):
    rows = [
        (
            str(run["n_states"]),
            NAMES[part["part"]],
            f"{run['chains']} x {run['draws']}",
            f"{run['warm_seconds']:.1f}",
            f"{run['cold_seconds']:.1f}" if run["fresh"] else "",
            f"{run['min_ess']:,.0f}",
            f"{run['min_ess_a_second_warm']:,.0f}",
            ratio(run, part, "warm"),
            f"{run['min_ess_a_second_cold']:,.0f}" if run["fresh"] else "",
            ratio(run, part, "cold") if run["fresh"] else "",
            f"{run['r_hat_max']:.3f}",
        )
        for run, part in ordered(record)
    ]
    return Section(
        "Effective samples of log π a second",
        "The least of all states (100 of the 500 and 2,000), once everything is compiled (warm) "
        "and with compiling (cold); in ratios to nutpie. No transition diverged. At 2,000 "
        "states nutpie had not mixed; see [README.md](README.md).",
        (
            *("states", "backend", "chains x draws", "s warm", "s cold", "min ESS"),
            *("a second, warm", "ratio", "cold", "ratio", "worst R-hat"),
        ),
        rows,
    )


def ratio(run, part, which):
    """Return the ratio to nutpie; none where nutpie did not converge, which keeps no moments."""
    if part["part"] == "nutpie":
        return "1"
    return f"{run[f'ratio_{which}']:.2g}" if f"ratio_{which}" in run else ""


def ordered(record):
    runs = [(run, part) for part in record for run in part["runs"] if "min_ess" in run]
    order = list(NAMES)
    return sorted(runs, key=lambda x: (x[0]["n_states"], order.index(x[1]["part"]), x[0]["chains"]))


def agreement(record):
    rows = [
        (
            str(run["n_states"]),
            NAMES[part["part"]],
            str(run["chains"]),
            str(run["states_compared"]),
            f"{run['rms_z_of_means']:.2f}",
            f"{run['worst_z_of_means']:.1f}",
            f"{run['worst_ratio_of_sd']:.2f}",
        )
        for run, part in ordered(record)
        if "worst_z_of_means" in run
    ]
    return Section(
        "Agreement with nutpie",
        "Posterior means of log π, their difference in units of its Monte Carlo error (1 on "
        "average where both are right), and standard deviations.",
        ("states", "backend", "chains", "compared", "rms z", "worst z", "worst ratio of sd"),
        rows,
    )


def densities(record):
    rows = [
        (
            str(run["n_states"]),
            NAMES[part["part"]],
            f"{run['points']:,}",
            f"{1e3 * run['seconds']:.2f}",
            f"{run['evaluations_a_second']:,.0f}",
            f"{run['value_error']:.0e}" if "value_error" in run else "",
            f"{run['slope_error']:.0e}" if "slope_error" in run else "",
        )
        for part in record
        for run in part["runs"]
        if "points" in run
    ]
    return Section(
        "Log density and gradient",
        "Many points at once; worst relative error against the NumPy core at 64 of them (the "
        "gradient along a random direction, against a difference).",
        ("states", "backend", "points", "ms", "a second", "error", "of the gradient"),
        rows,
    )


def tables(record):
    rows = [
        (
            str(run["tables"]),
            NAMES[part["part"]],
            f"{run['chains']} x {run['draws']}",
            f"{run['warm_seconds']:.1f}",
            f"{run['tables_a_second']:.1f}",
        )
        for part in record
        for run in part["runs"]
        if "tables" in run
    ]
    return Section(
        "Many tables at once",
        "Tables of 20 states sampled together, as a calibration would; warm, whitening included.",
        ("tables", "backend", "chains x draws", "s", "tables a second"),
        rows,
    )
