"""The stages of `equipoise test` in one process: `python -m benchmarks.stages TABLE START ENGINE`.

Prints the seconds of each as a line of JSON. Imports stand in the function, since they are timed.
"""

import time

_FIRST = time.perf_counter()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402


def main(path: str, start: float, engine: str) -> None:
    seconds = {"interpreter": _FIRST - start}
    last = _FIRST

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[name] = seconds.get(name, 0.0) + now - last
        last = now

    import numpy  # noqa: F401

    lap("import numpy")
    import scipy.interpolate
    import scipy.linalg
    import scipy.sparse.csgraph
    import scipy.special  # noqa: F401

    lap("import scipy")
    import equipoise

    lap("import equipoise")
    import equipoise.cli

    lap("import the command line")
    counts = equipoise.TransitionCounts.from_csv(Path(path))
    lap("read")

    def progress(stage: str, _fraction: float) -> None:
        # "compiling the model (once; …)": without what is in brackets
        lap("summaries" if stage == "done" else stage.split(" (")[0])

    by = {"fast": True} if engine == "fast" else {"backend": engine}
    result = equipoise.test(counts, **by, random_seed=0, progress=progress)
    lap("summaries")
    text = equipoise.summary(result)
    lap("text")

    import json

    assert text
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
