"""`equipoise large`, in this process: text, JSON, exit status."""

import json

import pytest
from sparse_tables import reversible_table

import equipoise as eq
from equipoise.cli.app import main
from equipoise.errors import UsageError


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "counts.parquet"
    reversible_table(6, states=40, trials=300).to_parquet(path)
    return str(path)


def test_fast_gives_a_map_and_no_verdict(table, capsys):
    assert main(["large", table, "--fast"]) == 0
    text = capsys.readouterr().out
    assert "40 states" in text
    assert "Violations" in text
    assert "nats, if this edge alone broke balance" in " ".join(text.split())
    assert "Verdict" not in text
    assert main(["large", table, "--fast", "--json", "-"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["schema"] == "equipoise.large/1"
    assert values["verdict"] is None
    assert len(values["potential"]) == 40
    sizes = [abs(edge["z"]) for edge in values["violations"]]
    assert sizes == sorted(sizes, reverse=True)


def test_a_table_without_a_cycle_is_untestable(tmp_path, capsys):
    path = tmp_path / "chain.csv"
    path.write_text("source,target,count\na,b,3\nb,a,2\nb,c,4\nc,b,5\n")
    assert main(["large", str(path), "--quiet", "--json", "-"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["verdict"]["favours"] == "untestable"
    assert values["data"]["n_testable_cycles"] == 0


def test_bad_input_ends_in_one_line(tmp_path, capsys):
    path = tmp_path / "sink.csv"
    path.write_text("source,target,count\na,b,3\n")
    assert main(["large", str(path), "--fast"]) == 2
    assert "no edge joins two states that both were sources" in capsys.readouterr().err


def test_quiet_is_one_line(table, tmp_path, capsys):
    path = tmp_path / "map.json"
    assert main(["large", table, "--fast", "-q", "--json", str(path)]) == 0
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    values = json.loads(path.read_text())
    first, n_edges = values["violations"][0], values["data"]["n_compared"]
    assert text.startswith(
        f"Map, no verdict: of {n_edges:,} edges {first['source']} → {first['target']} stands off "
        f"the potential most surely, by {first['deviation']:.2f} nats (z = {first['z']:.1f})"
    )
    chain = tmp_path / "chain.csv"
    chain.write_text("source,target,count\na,b,3\nb,a,2\nb,c,4\nc,b,5\n")
    assert main(["large", str(chain), "--quiet"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Untestable: ")
    assert text.count("\n") == 1
    assert main(["large", str(chain), "--quiet", "--fast"]) == 0
    assert "no edge lies on a cycle" in capsys.readouterr().out


def test_a_map_takes_no_rope(table, capsys):
    assert main(["large", table, "--fast", "--rope", "0.2"]) == 2
    assert "--rope belongs to the verdict" in capsys.readouterr().err
    assert main(["large", table, "--fast", "--workers", "2"]) == 2
    assert "--workers belong to the verdict" in capsys.readouterr().err


def test_summary_and_json_take_a_map(alofi):
    mapped = eq.map_large(alofi)
    assert eq.summary(mapped).startswith("Map, no verdict")
    assert json.loads(eq.to_json(mapped))["schema"] == "equipoise.large/1"
    assert "from the residuals" in eq.summary(mapped) or "than chance" in eq.summary(mapped)
    assert "σ_c 0.3, as asked" in eq.summary(eq.map_large(alofi, cycle_sd=0.3))


def test_what_belongs_to_a_test_says_so_of_a_map(alofi, tmp_path):
    mapped = eq.map_large(alofi)
    with pytest.raises(UsageError, match=r"only the result of equipoise\.test can .* LargeMap"):
        eq.save(mapped, tmp_path / "map.nc")
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"methods paragraph is made of .* not of a LargeMap"):
        eq.report.methods_text(mapped)
    with pytest.raises(UsageError, match=r"tables is made of .* not of a LargeMap"):
        eq.report.printed_tables(mapped)
