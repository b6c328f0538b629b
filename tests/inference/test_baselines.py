"""Baselines against printed values, the released formulas in loops, and brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import xlogy
from scipy.stats import chi2

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import support_graph
from equipoise.inference.baselines import (
    baselines,
    least_action,
    likelihood_ratio,
    pair_chi_square,
    parametric_bootstrap,
    triplet_chi_square,
)
from equipoise.inference.baselines.reversible_fit import fit_reversible
from equipoise.likelihoods import multinomial, multinomial_predictor, support_arcs
from equipoise.simulate import (
    complete_edges,
    cycle_circulation,
    driven_kernel,
    reversible_kernel,
    sample_draws,
    stationary_distribution,
)

POTENTIAL = np.array([0.0, 1.1, -0.6, 0.4, 1.9])


def driven(trials=3000, affinity=0.6, seed=4):
    """Five states, all joined, one cycle driven; trials stay, and some are lost."""
    edges = complete_edges(5)
    rng = np.random.default_rng(seed)
    kernel = driven_kernel(
        POTENTIAL,
        rng.normal(-2.0, 0.5, len(edges)),
        cycle_circulation(edges, (0, 2, 3), affinity),
        edges=edges,
    )
    drawn = sample_draws(kernel, trials, rng)
    other = np.array([7, 0, 30, 2, 5])
    return TransitionCounts(states=tuple("ecadb"), counts=drawn.counts, other=other)


# Least action


def test_least_action_gives_the_potentials_that_the_paper_prints(claude, gemini):
    printed = {
        claude: {"ATTITUDE": 0.0, "PERSONAL": 4.1, "PROBLEMS": 5.2},
        gemini: {"ATTITUDE": 0.0, "DISCIPLINE": 0.5, "EXCELLENT": 4.8, "BLISSFUL": 5.2},
    }
    for counts, values in printed.items():
        for penalty in ("exponential", "logistic"):
            for nominal in (None, counts.metadata["nominal_trials"]):
                found = least_action(counts, penalty=penalty, nominal_trials=nominal)
                shown = {state: found.potential[counts.index(state)] for state in values}
                assert shown == pytest.approx(values, abs=0.1)
                rest = [s for s in counts.states if s not in values]
                assert all(np.isposinf(found.potential[counts.index(s)]) for s in rest)


@pytest.mark.parametrize("penalty", ["exponential", "logistic"])
def test_least_action_of_a_reversible_kernel_is_its_potential(penalty):
    kernel = reversible_kernel(POTENTIAL, np.random.default_rng(2).normal(-2.0, 1.0, 10))
    counts = TransitionCounts(
        states=tuple("ecadb"),
        counts=np.round(kernel.matrix * 1e12).astype(np.int64),
        other=np.zeros(5, dtype=int),
    )
    found = least_action(counts, penalty=penalty, reference="c")
    phi = -np.log(stationary_distribution(kernel))
    np.testing.assert_allclose(found.potential, phi - phi[1], atol=1e-6)


@pytest.mark.parametrize("penalty", ["exponential", "logistic"])
def test_least_action_is_the_minimum(penalty):
    counts = driven()
    weight = counts.counts.toarray() / counts.trials[:, None]
    np.fill_diagonal(weight, 0.0)

    def action(v):
        x = v[:, None] - v[None, :]
        k = np.exp(-x / 2) if penalty == "exponential" else np.logaddexp(0.0, -x)
        return (weight * k).sum() / 5

    brute = minimize(action, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    found = least_action(counts, penalty=penalty)
    assert found.action == pytest.approx(brute.fun, rel=1e-9)
    at = found.references[0]
    np.testing.assert_allclose(found.potential, brute.x - brute.x[at], atol=1e-4)


def test_least_action_beyond_strong_components():
    """a and b lead to each other; c only leads to them, d is only reached; e is apart."""
    matrix = np.zeros((6, 6), dtype=int)
    matrix[0, 1], matrix[1, 0], matrix[2, 0], matrix[1, 3], matrix[4, 3] = 20, 5, 3, 4, 7
    matrix[5, 1] = 1  # tried once: left out, as in the paper
    counts = TransitionCounts.from_matrix(matrix, states=list("abcdef"))
    found = least_action(counts, reference="a")
    b = np.log(5 / 9) - np.log(20 / 20)
    np.testing.assert_allclose(
        found.potential, [0.0, b, np.inf, -np.inf, np.nan, np.nan], atol=1e-9
    )
    for bad in ({"penalty": "quadratic"}, {"nominal_trials": 0}):
        with pytest.raises(UsageError, match=next(iter(bad))):
            least_action(counts, **bad)


# Chi-squares


def released_triplets(n, total):
    """The released formula, in loops: chi-square and its number of triangles."""
    chi, ndf = 0.0, 0
    for f, g, h in combinations(range(len(n)), 3):
        six = [n[f, g], n[g, h], n[h, f], n[f, h], n[h, g], n[g, f]]
        if min(six) > 0:
            forward = np.log(n[f, g] / total[f] * n[g, h] / total[g] * n[h, f] / total[h])
            backward = np.log(n[f, h] / total[f] * n[h, g] / total[h] * n[g, f] / total[g])
            error = sum(1 / x for x in six) + 2 * sum(1 / total[x] for x in (f, g, h))
            chi += (forward - backward) ** 2 / error
            ndf += 1
    return chi, ndf


def test_released_triplets_on_synthetic_triangles():
    for seed in range(4):
        counts = driven(seed=seed, trials=200)
        n = counts.counts.toarray()
        chi, ndf = released_triplets(n, n.sum(axis=1))
        found = triplet_chi_square(counts)
        assert (found.n, found.released) == (ndf, pytest.approx(chi, rel=1e-6))
        assert found.released_per_ndf == pytest.approx(chi / ndf, rel=1e-6)
        assert ndf > 5


def test_corrected_triplets_are_generalised_least_squares():
    """Brute force: the covariance of all triangles, its pseudo-inverse, its rank."""
    counts = driven(trials=500)
    n = counts.counts.toarray().astype(float)
    triangles = [t for t in combinations(range(5), 3) if all(n[a, b] for a in t for b in t)]
    legs = [((f, g), (g, h), (h, f)) for f, g, h in triangles]
    a = np.array([sum(np.log(n[x] / n[x[::-1]]) for x in leg) for leg in legs])
    cover = np.zeros((len(legs), len(legs)))
    for p, one in enumerate(legs):
        for q, other in enumerate(legs):
            for x in one:
                for y in other:
                    if set(x) == set(y):
                        cover[p, q] += (1 if x == y else -1) * (1 / n[x] + 1 / n[x[::-1]])
    found = triplet_chi_square(counts)
    assert found.corrected == pytest.approx(a @ np.linalg.pinv(cover, rcond=1e-10) @ a)
    assert found.ndf == np.linalg.matrix_rank(cover) == 6
    assert found.p_value == pytest.approx(chi2.sf(found.corrected, 6))


def test_one_triangle_released_and_corrected(alofi):
    """An affinity of -0.4086, its error 0.2816; 1/N too much makes the released one too small."""
    found = triplet_chi_square(alofi)
    assert found.corrected == pytest.approx((0.4086 / 0.2816) ** 2, rel=1e-3)
    assert found.released < found.corrected
    assert (found.n, found.ndf) == (1, 1)


def test_pairs_released_and_corrected():
    counts = driven(trials=400)
    n = counts.counts.toarray().astype(float)
    total = n.sum(axis=1)
    v = least_action(counts, penalty="logistic").potential
    pairs = [(i, j) for i, j in combinations(range(5), 2) if min(n[i, j], n[j, i]) > 1]
    y = np.array([np.log(n[i, j] / total[i] * total[j] / n[j, i]) for i, j in pairs])
    residual = y - np.array([v[i] - v[j] for i, j in pairs])
    found = pair_chi_square(counts)
    assert found.released_per_ndf == pytest.approx(np.mean(residual**2))
    weight = np.array([1 / (1 / n[i, j] + 1 / n[j, i]) for i, j in pairs])
    design = np.array([np.eye(5)[i] - np.eye(5)[j] for i, j in pairs])[:, 1:]
    root = np.sqrt(weight)
    rest = np.linalg.lstsq(design * root[:, None], y * root)[1]
    assert found.corrected == pytest.approx(rest[0])
    assert found.ndf == len(pairs) - 4


def test_stars_have_no_triplets_and_no_degrees_of_freedom(claude, gemini):
    for counts, pairs in ((claude, 2), (gemini, 3)):
        found = baselines(counts, random_seed=1)
        assert found.triplets.n == found.triplets.ndf == 0
        assert (found.pairs.n, found.pairs.ndf) == (pairs, 0)
        assert found.likelihood_ratio.ndf == 0
        assert found.likelihood_ratio.p_value is found.bootstrap.p_value is None
        assert found.likelihood_ratio.value == pytest.approx(0.0, abs=1e-9)
        assert found.triplets.released is found.pairs.corrected is None


# Likelihood ratio


def test_likelihood_ratio_of_alofi(alofi):
    found = likelihood_ratio(alofi)
    assert found.value == pytest.approx(2.11156, abs=1e-5)
    assert found.ndf == 1
    assert found.p_value == pytest.approx(0.1462, abs=5e-5)


@pytest.mark.parametrize("rejected", ["stay", "drop"])
def test_likelihood_ratio_against_the_likelihood_itself(rejected):
    """Both likelihoods of the package's core, staying and all, at their greatest."""
    counts = driven(trials=150)
    arcs = support_arcs(support_graph(counts))
    rows = multinomial(counts, arcs, rejected=rejected)
    predictor = multinomial_predictor(arcs, np.zeros((arcs.n_edges, 0)))
    design = np.hstack([predictor.potential, predictor.symmetric])
    best = minimize(
        lambda x: -rows.log_likelihood(design @ x),
        np.zeros(design.shape[1]),
        jac=lambda x: -design.T @ rows.gradient(design @ x),
        method="BFGS",
        options={"gtol": 1e-7},
    )
    stays = rows.trials - np.bincount(arcs.source, rows.counts, 5)
    most = xlogy(rows.counts, rows.counts / rows.trials[arcs.source]).sum()
    most += xlogy(stays, stays / rows.trials).sum()
    found = likelihood_ratio(counts, rejected=rejected)
    assert found.value == pytest.approx(2 * (most + best.fun), rel=1e-7)
    assert found.ndf == 6


def test_states_outside_strong_components_change_no_likelihood_ratio(alofi):
    matrix = np.zeros((5, 5), dtype=int)
    matrix[:3, :3] = alofi.counts.toarray()
    matrix[3, 0], matrix[3, 2], matrix[1, 4], matrix[2, 4] = 40, 3, 7, 9
    counts = TransitionCounts.from_matrix(matrix, states=[*alofi.states, "in", "out"])
    found = likelihood_ratio(counts)
    assert found.ndf == 1
    assert found.value == pytest.approx(likelihood_ratio(alofi).value, rel=1e-9)
    one_way = TransitionCounts.from_matrix([[0, 9, 0], [0, 0, 4], [6, 0, 0]], states=list("abc"))
    around = likelihood_ratio(one_way)  # m_e = 9, 4, 6, of which the fit gives a share y/(1 + y)
    assert around.ndf == 1
    assert 5 < around.value < 2 * 19 * np.log(2)


def test_many_tables_at_once_are_each_their_own():
    rng = np.random.default_rng(6)
    edges = complete_edges(4)
    forward, backward = rng.poisson(2.0, (2, 40, 6)).astype(float)  # many zeros, parts cut off
    forward[0, 0], backward[0, 0] = 1e6, 1.0
    together = fit_reversible(edges, 4, forward, backward)
    for k in range(40):
        alone = fit_reversible(edges, 4, forward[k : k + 1], backward[k : k + 1])
        assert together.likelihood_ratio[k] == pytest.approx(alone.likelihood_ratio[0], abs=1e-7)
        np.testing.assert_allclose(together.forward[k], alone.forward[0], atol=1e-4)
    kept = (together.forward <= forward + backward + 1e-9) & (together.forward >= -1e-9)
    assert kept.all()


def test_bootstrap_of_a_driven_kernel_and_its_seed():
    counts = driven(affinity=2.0, trials=1000)
    one, two = (parametric_bootstrap(counts, replicates=199, random_seed=3) for _ in range(2))
    assert one == two
    assert one.p_value == 1 / 200
    assert one.value == likelihood_ratio(counts).value
    # on six degrees of freedom the mean of 199 lies within four of its errors
    assert abs(one.null_mean - 6) < 4 * np.sqrt(12 / 199)
    with pytest.raises(UsageError, match="replicates must be at least 19"):
        parametric_bootstrap(counts, replicates=5)


# Together


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_labels_and_order_of_states_change_nothing(data):
    """Any small table: with zeros, one-way arcs, transient states and parts apart."""
    n = data.draw(st.integers(2, 5))
    cells = st.lists(st.sampled_from([0, 0, 1, 2, 9, 70]), min_size=n * n, max_size=n * n)
    matrix = np.array(data.draw(cells.filter(any))).reshape(n, n)
    other = np.array(data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))
    order = np.array(data.draw(st.permutations(range(n))))
    labels = np.array(list("ecadb")[:n])
    counts = TransitionCounts(states=tuple(labels), counts=matrix, other=other)
    moved = TransitionCounts(
        states=tuple(labels[order]), counts=matrix[np.ix_(order, order)], other=other[order]
    ).relabel({"e": "<script>alert(1)</script>"})
    one, two = (least_action(c).within for c in (counts, moved))
    np.testing.assert_allclose(two, one[order], atol=1e-9)
    for name in (triplet_chi_square, pair_chi_square, likelihood_ratio):
        for a, b in zip(name(counts).rows(), name(moved).rows(), strict=True):
            assert (a.baseline, a.ndf, a.value is None) == (b.baseline, b.ndf, b.value is None)
            assert a.value is None or a.value == pytest.approx(b.value, rel=1e-7, abs=1e-7)


def test_every_baseline_says_what_it_gets_wrong(alofi):
    table = baselines(alofi, replicates=99, random_seed=1).table()
    assert table.index.is_unique
    assert len(table) == 7
    assert table["wrong"].str.endswith(".").all()
    marked = table["invalid"].str.startswith("invalid if someone looked at the counts")
    assert (marked == table["p_value"].notna()).all()
    with pytest.raises(UsageError, match="counts must be an equipoise"):
        baselines("counts.csv")


def test_triangles_of_a_dense_graph_are_quick_and_the_same():
    """A thousand edges: corrected triplets are those of all cycles where all are joined."""
    rng = np.random.default_rng(5)
    n = 45
    matrix = rng.integers(20, 90, size=(n, n))
    np.fill_diagonal(matrix, 0)
    counts = TransitionCounts.from_matrix(matrix, states=[f"s{k:02d}" for k in range(n)])
    found = triplet_chi_square(counts)
    assert found.n == n * (n - 1) * (n - 2) // 6
    assert found.ndf == (n - 1) * (n - 2) // 2
    i, j = np.triu_indices(n, 1)
    deviation = np.sqrt(1 / matrix[i, j] + 1 / matrix[j, i])
    gradient = np.zeros((len(i), n))
    gradient[np.arange(len(i)), i], gradient[np.arange(len(i)), j] = 1.0, -1.0
    ratio = np.log(matrix[i, j] / matrix[j, i]) / deviation
    residual = (
        ratio
        - gradient / deviation[:, None] @ np.linalg.lstsq(gradient / deviation[:, None], ratio)[0]
    )
    assert found.corrected == pytest.approx(residual @ residual, rel=1e-9)
