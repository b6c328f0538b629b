"""The sources that results cite: one entry each, as text and as BibTeX.

All are named in docs/mathematics/sources.md or at the function that uses them. arXiv numbers and
DOIs lead there.
"""

from collections.abc import Iterable

from equipoise.errors import UsageError
from equipoise.report.source import Source

__all__ = ["SOURCES", "Source", "bibtex", "cited"]

_ALL = (
    Source(
        "song2025",
        ("Song, Zhuo-Yang", "Cao, Qing-Hong", "Luo, Ming-xing", "Zhu, Hua Xing"),
        "Detailed balance in large language model-driven agents",
        2025,
        arxiv="2512.10047",
    ),
    Source(
        "diaconis2006",
        ("Diaconis, Persi", "Rolles, Silke W. W."),
        "Bayesian analysis for reversible Markov chains",
        2006,
        "The Annals of Statistics",
        "34",
        "3",
        "1270--1292",
        arxiv="math/0605582",
    ),
    Source(
        "ford1957",
        ("Ford, L. R.",),
        "Solution of a ranking problem from binary comparisons",
        1957,
        "The American Mathematical Monthly",
        "64",
        "8",
        "28--33",
        doi="10.2307/2308513",
    ),
    Source(
        "gelman1998",
        ("Gelman, Andrew", "Meng, Xiao-Li"),
        "Simulating normalizing constants: from importance sampling to bridge sampling to path "
        "sampling",
        1998,
        "Statistical Science",
        "13",
        "2",
        "163--185",
    ),
    Source(
        "geweke1989",
        ("Geweke, John",),
        "Bayesian inference in econometric models using Monte Carlo integration",
        1989,
        "Econometrica",
        "57",
        "6",
        "1317--1339",
    ),
    Source(
        "horton1987",
        ("Horton, J. D.",),
        "A polynomial-time algorithm to find the shortest cycle basis of a graph",
        1987,
        "SIAM Journal on Computing",
        "16",
        "2",
        "358--366",
        doi="10.1137/0216026",
    ),
    Source(
        "jiang2011",
        ("Jiang, Xiaoye", "Lim, Lek-Heng", "Yao, Yuan", "Ye, Yinyu"),
        "Statistical ranking and combinatorial Hodge theory",
        2011,
        "Mathematical Programming",
        "127",
        "1",
        "203--244",
        arxiv="0811.1067",
    ),
    Source(
        "besag1991",
        ("Besag, Julian", "Clifford, Peter"),
        "Sequential Monte Carlo p-values",
        1991,
        "Biometrika",
        "78",
        "2",
        "301--304",
        doi="10.1093/biomet/78.2.301",
    ),
    Source(
        "brier1980",
        ("Brier, Stephen S.",),
        "Analysis of contingency tables under cluster sampling",
        1980,
        "Biometrika",
        "67",
        "3",
        "591--596",
        doi="10.1093/biomet/67.3.591",
    ),
    Source(
        "kass1995",
        ("Kass, Robert E.", "Raftery, Adrian E."),
        "Bayes factors",
        1995,
        "Journal of the American Statistical Association",
        "90",
        "430",
        "773--795",
    ),
    Source(
        "mallat1993",
        ("Mallat, Stéphane G.", "Zhang, Zhifeng"),
        "Matching pursuits with time-frequency dictionaries",
        1993,
        "IEEE Transactions on Signal Processing",
        "41",
        "12",
        "3397--3415",
        doi="10.1109/78.258082",
    ),
    Source(
        "mira2013",
        ("Mira, Antonietta", "Solgi, Reza", "Imparato, Daniele"),
        "Zero variance Markov chain Monte Carlo for Bayesian estimators",
        2013,
        "Statistics and Computing",
        "23",
        "5",
        "653--662",
        doi="10.1007/s11222-012-9344-6",
    ),
    Source(
        "papaspiliopoulos2007",
        ("Papaspiliopoulos, Omiros", "Roberts, Gareth O.", "Sköld, Martin"),
        "A general framework for the parametrization of hierarchical models",
        2007,
        "Statistical Science",
        "22",
        "1",
        "59--73",
    ),
    Source(
        "rue2009",
        ("Rue, Håvard", "Martino, Sara", "Chopin, Nicolas"),
        "Approximate Bayesian inference for latent Gaussian models by using integrated nested "
        "Laplace approximations",
        2009,
        "Journal of the Royal Statistical Society: Series B",
        "71",
        "2",
        "319--392",
    ),
    Source(
        "schad2022",
        (
            "Schad, Daniel J.",
            "Nicenboim, Bruno",
            "Bürkner, Paul-Christian",
            "Betancourt, Michael",
            "Vasishth, Shravan",
        ),
        "Workflow techniques for the robust use of Bayes factors",
        2022,
        "Psychological Methods",
        arxiv="2103.08744",
        doi="10.1037/met0000472",
    ),
    Source(
        "schnakenberg1976",
        ("Schnakenberg, J.",),
        "Network theory of microscopic and macroscopic behavior of master equation systems",
        1976,
        "Reviews of Modern Physics",
        "48",
        "4",
        "571--585",
        doi="10.1103/RevModPhys.48.571",
    ),
    Source(
        "vehtari2021",
        (
            "Vehtari, Aki",
            "Gelman, Andrew",
            "Simpson, Daniel",
            "Carpenter, Bob",
            "Bürkner, Paul-Christian",
        ),
        "Rank-normalization, folding, and localization: an improved R̂ for assessing convergence "
        "of MCMC",
        2021,
        "Bayesian Analysis",
        "16",
        "2",
        "667--718",
        arxiv="1903.08008",
    ),
    Source(
        "vehtari2024",
        (
            "Vehtari, Aki",
            "Simpson, Daniel",
            "Gelman, Andrew",
            "Yao, Yuling",
            "Gabry, Jonah",
        ),
        "Pareto smoothed importance sampling",
        2024,
        "Journal of Machine Learning Research",
        "25",
        "72",
        "1--58",
        arxiv="1507.02646",
    ),
    Source(
        "meng1996",
        ("Meng, Xiao-Li", "Wong, Wing Hung"),
        "Simulating ratios of normalizing constants via a simple identity: a theoretical "
        "exploration",
        1996,
        "Statistica Sinica",
        "6",
        "4",
        "831--860",
    ),
    Source(
        "gronau2017",
        (
            "Gronau, Quentin F.",
            "Sarafoglou, Alexandra",
            "Matzke, Dora",
            "Ly, Alexander",
            "Boehm, Udo",
            "Marsman, Maarten",
            "Leslie, David S.",
            "Forster, Jonathan J.",
            "Wagenmakers, Eric-Jan",
            "Steingroever, Helen",
        ),
        "A tutorial on bridge sampling",
        2017,
        "Journal of Mathematical Psychology",
        "81",
        "",
        "80--97",
        arxiv="1703.05984",
    ),
    Source(
        "micaletto2025",
        ("Micaletto, Giorgio", "Vehtari, Aki"),
        "Bridge sampling diagnostics",
        2025,
        arxiv="2508.14487",
    ),
    Source(
        "dickey1971",
        ("Dickey, James M.",),
        "The weighted likelihood ratio, linear hypotheses on normal location parameters",
        1971,
        "The Annals of Mathematical Statistics",
        "42",
        "1",
        "204--223",
    ),
    Source(
        "delmoral2006",
        ("Del Moral, Pierre", "Doucet, Arnaud", "Jasra, Ajay"),
        "Sequential Monte Carlo samplers",
        2006,
        "Journal of the Royal Statistical Society: Series B",
        "68",
        "3",
        "411--436",
    ),
    Source(
        "hoffman2014",
        ("Hoffman, Matthew D.", "Gelman, Andrew"),
        "The No-U-Turn Sampler: adaptively setting path lengths in Hamiltonian Monte Carlo",
        2014,
        "Journal of Machine Learning Research",
        "15",
        "",
        "1593--1623",
        arxiv="1111.4246",
    ),
    Source(
        "ribatet2012",
        ("Ribatet, Mathieu", "Cooley, Daniel", "Davison, Anthony C."),
        "Bayesian inference from composite likelihoods, with an application to spatial extremes",
        2012,
        "Statistica Sinica",
        "22",
        "",
        "813--845",
    ),
    Source(
        "gelman2019",
        ("Gelman, Andrew", "Goodrich, Ben", "Gabry, Jonah", "Vehtari, Aki"),
        "R-squared for Bayesian regression models",
        2019,
        "The American Statistician",
        "73",
        "3",
        "307--309",
    ),
    Source(
        "shahbaba2014",
        ("Shahbaba, Babak", "Lan, Shiwei", "Johnson, Wesley O.", "Neal, Radford M."),
        "Split Hamiltonian Monte Carlo",
        2014,
        "Statistics and Computing",
        "24",
        "",
        "339--349",
    ),
    Source(
        "ubaru2017",
        ("Ubaru, Shashanka", "Chen, Jie", "Saad, Yousef"),
        "Fast estimation of tr(f(A)) via stochastic Lanczos quadrature",
        2017,
        "SIAM Journal on Matrix Analysis and Applications",
        "38",
        "4",
        "1075--1099",
    ),
    Source(
        "yu2011",
        ("Yu, Yaming", "Meng, Xiao-Li"),
        "To center or not to center: that is not the question -- an ancillarity-sufficiency "
        "interweaving strategy (ASIS) for boosting MCMC efficiency",
        2011,
        "Journal of Computational and Graphical Statistics",
        "20",
        "3",
        "531--570",
    ),
)
SOURCES: dict[str, Source] = {source.key: source for source in _ALL}


def cited(keys: Iterable[str]) -> tuple[Source, ...]:
    """Return sources by their keys, each once, sorted as a list of references is.

    Raises
    ------
    UsageError
        If a key is unknown.
    """
    wanted = set(keys)
    if unknown := sorted(wanted - SOURCES.keys()):
        raise UsageError(f"no source is called {', '.join(unknown)}; see report.bibliography")
    return tuple(sorted((SOURCES[key] for key in wanted), key=lambda s: (s.authors, s.year, s.key)))


def bibtex(sources: Iterable[Source]) -> str:
    """Return BibTeX of sources, an entry after the other, ending in a line feed."""
    return "\n\n".join(source.bibtex for source in sources) + "\n"
