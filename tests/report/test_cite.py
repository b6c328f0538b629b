"""What to cite: BibTeX that a strict reader takes, of exactly the methods used."""

import re
from dataclasses import replace

import pytest

import equipoise as eq
from equipoise.cli import main
from equipoise.errors import UsageError
from equipoise.report.bibliography import SOURCES, bibtex

NEEDED = {"article": {"author", "title", "journal", "year"}, "misc": {"author", "title"}}


def parsed(text):
    """Read BibTeX, strictly: braces balanced, fields named, each key and field once."""
    entries, place = {}, 0
    while place < len(text):
        start = re.compile(r"@([a-z]+)\{([A-Za-z][A-Za-z0-9]*),\n").match(text, place)
        assert start, text[place : place + 60]
        place, fields = start.end(), {}
        while not text.startswith("}", place):
            field = re.compile(r"  ([a-z]+) = \{").match(text, place)
            assert field, text[place : place + 60]
            place, depth, value = field.end(), 1, ""
            while depth:
                depth += {"{": 1, "}": -1}.get(text[place], 0)
                value += text[place]
                place += 1
            assert text.startswith(",\n", place)
            place += 2
            assert field[1] not in fields
            fields[field[1]] = value[:-1]
        assert text.startswith("}\n", place)
        place += 2 + (text[place + 2 :].startswith("\n"))
        assert start[2] not in entries
        assert not NEEDED[start[1]] - set(fields)
        assert all(value.strip() and "\n" not in value for value in fields.values())
        assert not re.search(r"(?<!\\)[#$%&_^~]", re.sub(r"https?://\S+", "", str(fields)))
        entries[start[2]] = fields
    return entries


def test_a_wrong_entry_is_not_taken():
    good = SOURCES["kass1995"].bibtex + "\n"
    assert set(parsed(good)) == {"kass1995"}
    for bad in (
        good.replace("},", "}", 1),
        good.replace("{Bayes", "Bayes"),
        good + good,
        good.replace("year", "yeer"),
    ):
        with pytest.raises((AssertionError, IndexError)):
            parsed(bad)


def test_every_source_is_good_bibtex():
    assert set(parsed(bibtex(SOURCES.values()))) == set(SOURCES)


def test_the_fast_path_and_mcmc_cite_what_each_used(diagnosed):
    fast, sampled = (eq.cite(diagnosed(name)) for name in ("alofi-rain", "sampled alofi-rain"))
    always = {"song2025", "equipoise", "kass1995", "jiang2011", "ford1957", "diaconis2006"}
    laplace = {"rue2009", "geweke1989", "vehtari2024"}
    chains = {"gelman1998", "mira2013", "hoffman2014", "vehtari2021", "pymc", "nutpie", "arviz"}
    assert always | laplace <= set(parsed(fast))
    assert not chains & set(parsed(fast))
    assert always | chains <= set(parsed(sampled))
    assert not (laplace | {"numpyro", "jax"}) & set(parsed(sampled))
    assert fast == eq.cite(diagnosed("alofi-rain"))  # the same keys, the same text


def test_software_comes_with_its_version_and_its_backend(diagnosed):
    found = diagnosed("sampled alofi-rain").result
    entries = parsed(eq.cite(found))
    assert entries["equipoise"]["note"] == f"Version {eq.__version__}"
    assert re.fullmatch(r"Version \d+\.\d+.*", entries["nutpie"]["note"])
    other = replace(found, findings=replace(found.findings, backend="numpyro"))
    assert {"numpyro", "jax", "pymc"} <= set(parsed(eq.cite(other)))
    assert "nutpie" not in parsed(eq.cite(other))
    own = parsed(eq.cite(replace(found, findings=replace(found.findings, backend="numpy"))))
    assert {"shahbaba2014", "yu2011", "vehtari2021", "arviz"} <= set(own)
    assert not {"pymc", "nutpie", "hoffman2014"} & set(own)


def test_a_test_alone_cites_less_than_its_diagnosis(diagnosed):
    beside = diagnosed("blocked")
    alone, whole = set(parsed(eq.cite(beside.result))), set(parsed(eq.cite(beside)))
    assert {"besag1991", "brier1980", "horton1987"} <= whole - alone
    assert alone < whole
    assert "diaconis2006" not in whole  # the counts are not those of one path


@pytest.mark.parametrize(
    ("method", "backend", "some", "none"),
    [
        ("bridge", "numpy", {"meng1996", "gronau2017", "yu2011", "arviz"}, {"rue2009", "pymc"}),
        ("bridge", "nutpie", {"micaletto2025", "hoffman2014", "pymc", "nutpie"}, {"yu2011", "jax"}),
        ("path", "numpyro", {"gelman1998", "numpyro", "jax", "vehtari2021"}, {"yu2011", "nutpie"}),
        ("path", None, {"gelman1998", "mira2013"}, {"yu2011", "hoffman2014", "arviz"}),
        ("laplace", None, {"rue2009", "vehtari2024"}, {"pymc", "gelman1998"}),
        ("savage_dickey", "numpy", {"dickey1971", "shahbaba2014"}, {"meng1996", "nutpie"}),
        ("smc", None, {"delmoral2006", "pymc"}, {"nutpie", "hoffman2014"}),
        ("laplace/bridge", "nutpie", {"rue2009", "meng1996", "nutpie"}, {"dickey1971", "yu2011"}),
    ],
)
def test_evidence_cites_its_method_and_what_sampled(method, backend, some, none):
    factor = eq.BayesFactor(log_value=1.0, mcse=0.1, method=method, backend=backend)
    entries = set(parsed(eq.cite(factor)))
    assert some <= entries
    assert not none & entries


def test_a_difference_of_evidences_keeps_what_sampled_both():
    one, two = (eq.Evidence(1.0, 0.1, "bridge", backend=name) for name in ("numpy", "nutpie"))
    assert (one - one).backend == "numpy"
    assert (one - eq.Evidence(0.0, 0.1, "laplace")).backend == "numpy"
    assert (two - one).backend == "nutpie/numpy"
    assert {"yu2011", "hoffman2014", "nutpie"} <= set(parsed(eq.cite(two - one)))
    assert (eq.Evidence(0.0, 0.1, "laplace") - eq.Evidence(0.0, 0.1, "laplace")).backend is None


def test_a_run_says_with_its_evidence_what_sampled(saved_run):
    found = eq.load(saved_run.path)
    assert {factor.backend for factor in found.sensitivity} == {"numpy"}
    assert found.findings.cross_check.backend is None
    entries = set(parsed(eq.cite(found.log_bayes_factor)))
    assert {"yu2011", "shahbaba2014", "arviz"} <= entries
    assert not {"pymc", "nutpie", "hoffman2014"} & entries


def test_other_results(alofi):
    exact = parsed(eq.cite(eq.exact(alofi)))
    assert set(exact) == {"diaconis2006", "song2025", "equipoise"}
    fit = parsed(eq.cite(eq.laplace(alofi, draws=200, random_seed=1)))
    assert set(fit) == {"rue2009", "geweke1989", "vehtari2024", "song2025", "equipoise"}
    place = {state: k for k, state in enumerate(alofi.states)}
    found = eq.explain(alofi, place, scores=False, draws=200, random_seed=1)
    assert {"ribatet2012", "gelman2019", "rue2009"} <= set(parsed(eq.cite(found)))
    large = eq.map_large(alofi)
    plain = {"ford1957", "jiang2011", "song2025", "equipoise"}
    assert set(parsed(eq.cite(large))) == plain
    exact = eq.laplace_large(alofi)
    assert set(parsed(eq.cite(exact))) == {"rue2009", *plain}
    assert "ubaru2017" in parsed(eq.cite(replace(exact, probes=32)))
    empty = eq.inference.sparse.SparsePath(large.graph, large.pairs, large.priors, (), None)
    assert {"gelman1998", "shahbaba2014", "arviz", *plain} <= set(parsed(eq.cite(empty)))


def test_comparisons():
    fast, sampled = (object.__new__(eq.Comparison) for _ in range(2))  # comparing takes long
    object.__setattr__(fast, "method", "laplace")
    object.__setattr__(sampled, "method", "path")
    assert {"rue2009", "kass1995"} <= set(parsed(eq.cite(fast)))
    assert not {"pymc", "gelman1998"} & set(parsed(eq.cite(fast)))
    by_chains = set(parsed(eq.cite(sampled)))
    assert {"gelman1998", "meng1996", "rue2009", "shahbaba2014", "mira2013"} <= by_chains
    assert not {"pymc", "nutpie", "hoffman2014"} & by_chains  # chains of our own


def test_what_is_no_result_is_refused(alofi):
    with pytest.raises(UsageError, match="nothing to cite for a TransitionCounts"):
        eq.cite(alofi)
    with pytest.raises(UsageError, match="no sources are known for the method 'guess'"):
        eq.cite(eq.Evidence(1.0, 0.1, "guess"))


def test_the_command_writes_it(saved_run, tmp_path, capsys):
    path = tmp_path / "refs.bib"
    assert main(["test", "--again", str(saved_run.path), "--bibtex", str(path), "--quiet"]) == 0
    assert {"shahbaba2014", "gelman1998", "equipoise"} <= set(
        parsed(path.read_text(encoding="utf-8"))
    )
    capsys.readouterr()
    assert main(["test", "--again", str(saved_run.path), "--bibtex", "-"]) == 2
    assert "--bibtex writes a file" in capsys.readouterr().err
