"""The summary says first what is not to be trusted, why, and what stands all the same."""

import re
from dataclasses import replace

import numpy as np
import pytest
from summary_parts import flat, section

from equipoise.report import summary


def test_not_to_be_trusted_comes_first_and_withholds(result):
    outcome = result("distrusted alofi-rain")
    text = summary(outcome)
    assert text.startswith("Not to be trusted")
    assert "0.93" in text.splitlines()[0]
    assert "withheld: importance sampling failed (k̂ = 0.93, limit 0.7)" in text
    assert f"{outcome.log_bayes_factor.log_value:.2f}" not in text
    assert "p(balance)" not in text
    assert "Withheld, for it rests on the same draws." in section(text, "Size")
    broken = flat(section(text, "Where balance breaks"))
    assert "Withheld: importance sampling failed" in broken
    assert "Net currents" not in text
    assert "k̂ = 0.93 (limit 0.7); not converged: importance sampling failed" in section(
        text, "Method"
    )


def test_monte_carlo_error_can_be_the_reason(result):
    trusted = result("alofi-rain")
    noisy = replace(trusted.log_bayes_factor, mcse=1.5)
    assert noisy.distrust == "its Monte Carlo error is 1.5 nats (limit 1)"
    factors = list(trusted.sensitivity)
    factors[factors.index(trusted.log_bayes_factor)] = noisy
    findings = replace(trusted.findings, sensitivity=tuple(factors))
    text = summary(replace(trusted, findings=findings))
    assert "withheld: its Monte Carlo error is 1.5 nats (limit 1)" in text


def test_potential_is_withheld_only_where_its_own_draws_failed(result):
    outcome = result("distrusted alofi-rain")
    assert "withheld" not in section(summary(outcome), "Potential")
    diagnostics = replace(outcome.findings.diagnostics, reversible="its draws failed")
    findings = replace(outcome.findings, diagnostics=diagnostics)
    potential = section(summary(replace(outcome, findings=findings)), "Pot")
    assert "its draws failed. Φ is the posterior mode" in flat(potential)
    assert potential.count("withheld\n") == 1
    assert potential.endswith("withheld")


def test_mcmc_says_its_diagnostics_and_compares_itself_with_the_fast_path(result):
    outcome = result("sampled alofi-rain")
    text = summary(outcome)
    method = flat(section(text, "Method"))
    assert (
        "evidence NUTS, 4 chains of 1,000 draws; path over 9 values of σ_c; multinomial" in method
    )
    assert (
        "R-hat at most 1.003 (limit 1.01), bulk ESS at least 1,234 (limit 400), 0 divergences; "
        "converged cross-check"
    ) in method
    fast = result("alofi-rain").log_bayes_factor
    value = f"{fast.log_value:+.2f} ± {fast.mcse:.2f}"
    assert f"cross-check log BF {value} without MCMC, by nested Laplace" in method
    assert re.search(r"\(k̂ = \d\.\d\d\): agrees, difference \+0\.01 ± 0\.0[1-3]", method)
    assert "ceiling and fixed scales are the fast path's too" in method
    assert "cross-check" not in summary(result("alofi-rain"))


@pytest.mark.parametrize(("errors_off", "agrees"), [(2.9, True), (-2.9, True), (-3.1, False)])
def test_a_cross_check_that_disagrees_is_said(result, errors_off, agrees):
    outcome = result("sampled alofi-rain")
    head = outcome.log_bayes_factor
    error = np.hypot(head.mcse, 0.04)
    other = replace(head, log_value=head.log_value - errors_off * error, mcse=0.04)
    findings = replace(outcome.findings, cross_check=other)
    method = flat(section(summary(replace(outcome, findings=findings)), "Method"))
    assert ("): agrees, difference" in method) == agrees
    assert ("DISAGREES beyond three Monte Carlo errors, difference -0.1" in method) != agrees


def test_a_cross_check_that_failed_is_said_and_the_evidence_stands(result):
    text = summary(result("sampled distrusted alofi-rain"))
    assert text.startswith("Undecided")
    assert (
        "cross-check none without MCMC, by nested Laplace and importance sampling: importance"
        in (flat(section(text, "Method")))
    )


def test_chains_that_diverged_come_first_and_withhold(result):
    text = summary(result("diverged sampled smollm2-weekday"))
    assert text.startswith("Not to be trusted")
    assert "withheld: 7 divergent transitions. The same" in text
    assert "Withheld, for it rests on the same draws." in section(text, "Size")
    assert "7 divergences; not converged: 7 divergent transitions" in flat(section(text, "Method"))
    potential = section(text, "Potential")
    assert "not given" not in potential
    assert "gradient" not in potential


def test_potential_that_did_not_converge_is_said_beside_evidence_that_did(result):
    outcome = result("sampled alofi-rain")
    diagnostics = replace(outcome.findings.diagnostics, reversible="the chains disagree")
    text = summary(replace(outcome, findings=replace(outcome.findings, diagnostics=diagnostics)))
    assert text.startswith("Undecided")
    assert "not given: the chains disagree. Φ is the posterior mode." in flat(text)
    assert "converged; not converged, the potential given balance: the chains disagree" in flat(
        section(text, "Method")
    )
