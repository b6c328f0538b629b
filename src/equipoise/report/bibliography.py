"""The sources that results cite: one entry each, as text and as BibTeX.

All are named in docs/mathematics/sources.md or at the function that uses them. arXiv numbers and
DOIs lead there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from equipoise.errors import UsageError


@dataclass(frozen=True)
class Source:
    """A published source.

    Attributes
    ----------
    key
        Key in BibTeX.
    authors
        "Family, Given" each, in the order of the paper.
    title, year
        As published.
    journal
        None for a preprint.
    volume, number, pages
        Of the journal; empty where there is none.
    arxiv, doi
        Identifiers; empty where not known.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    journal: str | None = None
    volume: str = ""
    number: str = ""
    pages: str = ""
    arxiv: str = ""
    doi: str = ""

    @property
    def short(self) -> str:
        """Return the citation in running text: "Kass & Raftery 1995"."""
        families = [name.split(",")[0] for name in self.authors]
        if len(families) > 2:
            return f"{families[0]} et al. {self.year}"
        return f"{' & '.join(families)} {self.year}"

    @property
    def reference(self) -> str:
        """Return the entry of a list of references, plain text."""
        names = ", ".join(self.authors[:-1])
        names = f"{names} & {self.authors[-1]}" if names else self.authors[-1]
        number = f"({self.number})" if self.number else ""
        pages = f", {self.pages.replace('--', '–')}" if self.pages else ""
        volume = f" {self.volume}{number}{pages}" if self.volume else ""
        place = f" {self.journal}{volume}." if self.journal else ""
        preprint = f" arXiv:{self.arxiv}." if self.arxiv else ""
        return f"{names} ({self.year}). {self.title}.{place}{preprint}"

    @property
    def link(self) -> str:
        """Return where it can be read: by DOI, else on arXiv, else nowhere."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""

    @property
    def bibtex(self) -> str:
        """Return the BibTeX entry, UTF-8."""
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",
            "journal": self.journal or "",
            "year": str(self.year),
            "volume": self.volume,
            "number": self.number,
            "pages": self.pages,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "doi": self.doi,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        kind = "article" if self.journal else "misc"
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])


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
