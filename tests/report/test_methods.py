"""The methods paragraph says what was done."""

import re
from dataclasses import replace

import pytest

from equipoise.errors import UsageError
from equipoise.report.bibliography import SOURCES, bibtex, cited
from equipoise.report.methods import methods, methods_text


def keys(outcome):
    return {key for sentence in methods(outcome) for key in sentence.keys}


def test_the_fast_path_and_mcmc_cite_what_each_did(diagnosed):
    fast, sampled = diagnosed("alofi-rain"), diagnosed("sampled alofi-rain")
    assert {"rue2009", "geweke1989", "vehtari2024"} <= keys(fast)
    assert not keys(fast) & {"gelman1998", "mira2013", "vehtari2021", "papaspiliopoulos2007"}
    assert {"gelman1998", "mira2013", "vehtari2021", "papaspiliopoulos2007"} <= keys(sampled)
    assert not keys(sampled) & {"rue2009", "geweke1989"}
    assert "NUTS, 4 chains of 1,000 draws" in methods_text(sampled)


@pytest.mark.parametrize(("backend", "other"), [("nutpie", "numpyro"), ("numpyro", "nutpie")])
def test_what_ran_nuts_is_named(diagnosed, monkeypatch, backend, other):
    monkeypatch.setattr("equipoise.report.methods.version", lambda name: f"9.{len(name)}")
    found = diagnosed("sampled alofi-rain")
    findings = replace(found.result.findings, backend=backend)
    text = methods_text(replace(found, result=replace(found.result, findings=findings)))
    assert f"{backend} 9.{len(backend)}" in text
    assert other not in text
    assert "in coordinates fitted to the data" in text


def test_chains_of_our_own_are_named(diagnosed):
    found = diagnosed("sampled alofi-rain")
    findings = replace(found.result.findings, backend="numpy", effort="Hamiltonian Monte Carlo")
    own = replace(found, result=replace(found.result, findings=findings))
    assert "sampled by Hamiltonian Monte Carlo (numpy " in methods_text(own)
    assert "split about a Gaussian fitted to the data" in methods_text(own)
    assert {"shahbaba2014", "yu2011"} <= keys(own)
    assert not {"hoffman2014", "papaspiliopoulos2007"} & keys(own)


def test_numbers_are_those_of_the_run(diagnosed):
    text = methods_text(diagnosed("alofi-rain"))
    assert "on 1,095 trials between 3 states" in text
    assert "3 edges; of its b1 = 1 independent cycles, b1* = 1" in text
    assert "HalfNormal(τ), τ = 1 nats" in text
    assert "seed 3" in text
    assert "(Kass & Raftery 1995)" in text
    assert "reinforced walk" in text  # the counts are those of one path
    assert "reinforced walk" not in methods_text(diagnosed("claude-4"))
    assert "imputed, not observed" in methods_text(diagnosed("claude-4"))
    assert "horton1987" not in keys(diagnosed("claude-4"))  # no cycle was located
    assert {"horton1987", "schnakenberg1976", "song2025"} <= keys(diagnosed("alofi-rain"))
    assert not keys(diagnosed("alofi-rain")) & {"besag1991", "brier1980"}  # nothing to check


def test_checks_of_the_sampling_are_said(diagnosed):
    found = diagnosed("blocked")
    assert {"besag1991", "brier1980"} <= keys(found)
    assert "blocks, overdispersion, drift" in methods_text(found)
    assert "repeated with counts divided by their design effect" in methods_text(found)


def test_no_state_name_enters(diagnosed):
    text = methods_text(diagnosed("hostile"))
    assert "script" not in text
    assert "xxxx" not in text


def test_sources_are_complete():
    for key, source in SOURCES.items():
        assert key == source.key
        assert re.fullmatch(rf"[a-z]+{source.year}", key)
        assert source.authors[0].split(",")[0].lower().replace("-", "").replace(" ", "") == key[:-4]
        assert source.journal or source.arxiv
        assert source.bibtex.count("{") == source.bibtex.count("}")
        assert source.title in source.reference
        assert "  " not in source.reference
    assert SOURCES["kass1995"].reference == (
        "Kass, Robert E. & Raftery, Adrian E. (1995). Bayes factors. Journal of the American "
        "Statistical Association 90(430), 773–795."
    )
    assert SOURCES["schad2022"].reference.endswith("Psychological Methods. arXiv:2103.08744.")


def test_a_list_of_references_names_each_once():
    found = cited(["kass1995", "ford1957", "kass1995"])
    assert [source.key for source in found] == ["ford1957", "kass1995"]
    assert bibtex(found).count("@article{") == 2
    with pytest.raises(UsageError, match="no source is called nobody2000"):
        cited(["nobody2000"])
