"""What no figure can be drawn of is refused in one sentence that says what is needed."""

import pytest
from matplotlib.figure import Figure

import equipoise
from equipoise import plots
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError

DRAWING = [name for name in plots.__all__ if name.startswith("plot_")]
COUNTS = TransitionCounts.from_matrix([[1, 2], [3, 4]], states=["a", "b"])


def test_all_figures_are_looked_at():
    assert len(DRAWING) == 15


@pytest.mark.parametrize("name", [*DRAWING, "save_figures"])
@pytest.mark.parametrize("given", [COUNTS, None, "counts.csv"], ids=["counts", "None", "text"])
def test_what_is_no_result_is_refused(name, given, tmp_path):
    draw = getattr(plots, name)
    with pytest.raises(UsageError) as error:
        draw(given, *([tmp_path] if name == "save_figures" else []))
    said = str(error.value)
    made = said.removeprefix(f"{name} takes the result of ").partition(", not ")
    assert made[2].startswith(f"{type(given).__name__}: {name}(")
    module, _, function = made[0].rpartition(".")
    assert module in ("equipoise", "equipoise.inference.calibration")
    assert f"{name}({function}(" in said
    assert module != "equipoise" or function in equipoise.__all__


def test_a_test_is_no_violation(result):
    with pytest.raises(UsageError, match=r"not BalanceTest: plot_cycles\(violation\(result\)\)$"):
        plots.plot_cycles(result("tree"))


def test_a_figure_is_no_axes(result):
    with pytest.raises(UsageError, match="ax must be axes of matplotlib, not Figure; leave it out"):
        plots.plot_potential(result("tree"), Figure())
