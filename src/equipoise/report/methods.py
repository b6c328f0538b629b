"""A methods paragraph from what was really done, sentence by sentence, each with its sources."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from equipoise.errors import UsageError
from equipoise.inference.balance import BalanceTest
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.evidence.cycle_scale import DECIDING
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.posterior.backends import Backend
from equipoise.inference.posterior.convergence import ESS_TRUSTED, R_HAT_TRUSTED
from equipoise.inference.violation.cycles import CERTAIN
from equipoise.likelihoods import PairwiseEdges
from equipoise.report.bibliography import SOURCES


@dataclass(frozen=True)
class Sentence:
    """One sentence without its full stop, and the keys of the sources it rests on."""

    text: str
    keys: tuple[str, ...] = ()


#: What runs the chains of each.
PACKAGES: dict[Backend, tuple[str, ...]] = {
    "numpy": ("numpy",),
    "nutpie": ("pymc", "nutpie"),
    "numpyro": ("pymc", "jax", "numpyro"),
}
_NUTS = Sentence("in coordinates fitted to the data", ("hoffman2014", "papaspiliopoulos2007"))
#: How the chains of each backend walk, and the sources of that.
WALKS: dict[str, Sentence] = {
    "numpy": Sentence(
        "split about a Gaussian fitted to the data, the learned scales moved with the parameters "
        "and apart from them in turn",
        ("shahbaba2014", "yu2011"),
    ),
    "nutpie": _NUTS,
    "numpyro": _NUTS,
}


def methods(found: Diagnosis) -> tuple[Sentence, ...]:
    """Return the methods paragraph of a result and what stands beside it.

    Only what this run did is said, with the numbers it used. No state name enters.

    Parameters
    ----------
    found
        From :func:`equipoise.diagnose`.

    Returns
    -------
    tuple of Sentence
        See :func:`methods_text` for plain text.

    Raises
    ------
    UsageError
        If it is no diagnosis.
    """
    check_diagnosis(found, "a methods paragraph")
    return (*methods_of_test(found.result), *_beside(found), *_sampling(found))


def check_diagnosis(found: object, what: str) -> None:
    """Refuse what is no diagnosis.

    Raises
    ------
    UsageError
        If it is none; it says what is made of one.
    """
    if not isinstance(found, Diagnosis):
        raise UsageError(
            f"{what} is made of the result of equipoise.diagnose, not of a "
            f"{type(found).__name__}; equipoise.summary, to_json and cite take any result"
        )


def methods_of_test(result: BalanceTest) -> tuple[Sentence, ...]:
    """Return what the test alone did, without what :func:`equipoise.diagnose` adds."""
    parts = (_question, _likelihood, _priors, _computed, _verdict, _exact)
    return tuple(sentence for part in parts for sentence in part(result))


def methods_text(found: Diagnosis) -> str:
    """Return the methods paragraph as plain text, sources as "(Kass & Raftery 1995)".

    Parameters
    ----------
    found : Diagnosis
        From :func:`equipoise.diagnose`.

    Returns
    -------
    str
        One line. Only what this run did is said, with the numbers it used.

    Raises
    ------
    UsageError
        If it is no diagnosis.
    """
    return " ".join(f"{s.text}{citation(s.keys)}." for s in methods(found))


def citation(keys: tuple[str, ...]) -> str:
    """Return " (Ford 1957; Kass & Raftery 1995)", or nothing."""
    return f" ({'; '.join(SOURCES[key].short for key in keys)})" if keys else ""


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Return the installed versions of packages; those not installed are left out."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _question(result: BalanceTest) -> Iterator[Sentence]:
    from equipoise import __version__  # the package imports this module

    counts, graph = result.counts, result.graph
    yield Sentence(
        f"Detailed balance was tested with Equipoise {__version__} on {counts.n_trials:,} trials "
        f"between {graph.n_states:,} states"
    )
    yield Sentence(
        f"The support has {graph.n_edges:,} edges; of its b1 = {graph.n_cycles:,} independent "
        f"cycles, b1* = {graph.n_testable_cycles:,} lie inside strongly connected components of "
        "the transitions seen, and only there can balance be tested",
        ("ford1957",),
    )


def _likelihood(result: BalanceTest) -> Iterator[Sentence]:
    if isinstance(result.findings.problem.likelihood, PairwiseEdges):
        yield Sentence(
            "Given the sum of its two counts, the transitions on each edge were taken as binomial, "
            "the logit of their share being the log-ratio plus log N_i/N_j"
        )
    else:
        yield Sentence("The trials from each state were taken as independent multinomial draws")
    if result.counts.other.any():
        what = "counted as staying" if result.rejected == "stay" else "were left out"
        yield Sentence(f"Trials that ended in no state {what}")
    if result.counts.metadata.get("trials") == "imputed":
        yield Sentence("The numbers of trials were imputed, not observed")
    yield Sentence(
        "Two nested hypotheses were compared: detailed balance, log P_ij/P_ji = Φ_i − Φ_j, and its "
        "violation, log P_ij/P_ji = Φ_i − Φ_j + c_ij with c divergence-free",
        ("jiang2011",),
    )


def _priors(result: BalanceTest) -> Iterator[Sentence]:
    p = result.priors
    pairwise = isinstance(result.findings.problem.likelihood, PairwiseEdges)
    if p.scales == "learned":
        rates = (
            f" and symmetric rates s ~ Normal(μ_s, σ_s) with μ_s ~ Normal({p.symmetric_mean:g}, "
            f"{p.symmetric_mean_sd:g}) and σ_s ~ HalfNormal({p.symmetric_scale:g})"
        )
        yield Sentence(
            "Under both the potential has the prior Normal(0, σ_V) with σ_V ~ "
            f"HalfNormal({p.potential_scale:g}){'' if pairwise else rates}, scales learned"
        )
    else:
        rates = f" and symmetric rates s ~ Normal({p.symmetric_mean:g}, {p.fixed_symmetric_sd:g})"
        yield Sentence(
            f"Under both the potential has the prior Normal(0, {p.fixed_potential_sd:g})"
            f"{'' if pairwise else rates}, scales fixed"
        )
    yield Sentence(
        "The amplitudes of c on an orthonormal basis of cycles are Normal(0, σ_c) with σ_c ~ "
        f"HalfNormal(τ), τ = {p.cycle_scale:g} nats"
    )


def _computed(result: BalanceTest) -> Iterator[Sentence]:
    findings = result.findings
    seed = "not fixed" if result.random_seed is None else str(result.random_seed)
    if result.chains is not None or findings.method == "path":
        backend = findings.backend or "nutpie"
        used = ", ".join(f"{k} {v}" for k, v in versions(PACKAGES[backend]).items())
        sampler, _, amount = findings.effort.partition(", ")
        walk = WALKS[backend]
        yield Sentence(
            f"Posteriors were sampled by {sampler}, {walk.text}: {amount} ({used}; seed {seed})",
            walk.keys,
        )
        if findings.curve is not None:
            yield Sentence(
                "The log Bayes factor was found by path sampling along σ_c with control variates",
                ("gelman1998", "mira2013"),
            )
        yield Sentence(
            f"Draws were used where R-hat < {R_HAT_TRUSTED:g}, the bulk effective sample size was "
            f"at least {ESS_TRUSTED:g}, and no transition diverged",
            ("vehtari2021",),
        )
        return
    yield Sentence(
        "Posterior draws and evidence were computed without Markov chains, by nested Laplace "
        f"approximation and importance sampling ({findings.effort.partition('; ')[2]}; seed "
        f"{seed})",
        ("rue2009", "geweke1989"),
    )
    yield Sentence(
        "Importance weights were Pareto-smoothed, and numbers used where k-hat was at most "
        f"{K_TRUSTED:g}",
        ("vehtari2024",),
    )


def _verdict(result: BalanceTest) -> Iterator[Sentence]:
    low, *_, high = (f"{factor * result.priors.cycle_scale:g}" for factor in DECIDING)
    yield Sentence(
        "The verdict rests on the least and greatest log Bayes factor, two Monte Carlo errors "
        f"added, for τ from {low} to {high}: at least 1 nat either way decides, and the words of "
        "strength are those of Kass and Raftery",
        ("kass1995",),
    )
    yield Sentence(
        f"The log Bayes factor was computed under {len(result.alternatives)} settings "
        "of the priors and data",
        ("schad2022",),
    )


def _beside(found: Diagnosis) -> Iterator[Sentence]:
    broken = found.violation
    if broken.size is not None and broken.distrust is None:
        yield Sentence(
            "Violations were located by the posterior affinities of the cycles of a minimum-weight "
            "basis and of longer loops found by matching pursuit, ranked by the log-likelihood "
            "that a drive of each alone would explain to second order, with the log prior of the "
            "loop added, and named where the probability of an affinity beyond "
            f"{broken.rope_affinity:g} nats, averaged over both hypotheses, exceeded {CERTAIN:g}",
            ("horton1987", "mallat1993"),
        )
    if broken.entropy_production is not None:
        yield Sentence(
            "The entropy production rate was held against its distribution over tables of the "
            "fitted reversible kernels",
            ("schnakenberg1976",),
        )


def _exact(result: BalanceTest) -> Iterator[Sentence]:
    if result.exact is not None:
        yield Sentence(
            "For the path as a whole, the exact evidence of a reinforced walk was set against "
            "that of unrestricted rows of matched strength",
            ("diaconis2006",),
        )


def _sampling(found: Diagnosis) -> Iterator[Sentence]:
    made = [check for check in found.sampling.all if check.p_value is not None]
    if made:
        yield Sentence(
            f"The sampling was checked ({', '.join(check.name for check in made)}) against tables "
            "with outcomes dealt anew, which gives p-values without large counts",
            ("besag1991",),
        )
    if found.sampling.dispersion is not None:
        yield Sentence(
            "Overdispersion within blocks was measured by moments of a Dirichlet-multinomial model",
            ("brier1980",),
        )
    if found.repeated is not None:
        yield Sentence("The test was repeated with counts divided by their design effect")
    if found.baselines is not None:
        yield Sentence(
            "For comparison the least-action potential and the chi-squares of the work on agents "
            "driven by language models were computed, a likelihood ratio, and a parametric "
            "bootstrap",
            ("song2025",),
        )
