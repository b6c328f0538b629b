"""A published source, as text and as BibTeX."""

from dataclasses import dataclass


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
    url
        Where software is found.
    note
        Of software: the version.
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
    url: str = ""
    note: str = ""

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
            "year": str(self.year) if self.year else "",
            "volume": self.volume,
            "number": self.number,
            "pages": self.pages,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "doi": self.doi,
            "url": self.url,
            "note": self.note,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        kind = "article" if self.journal else "misc"
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])
