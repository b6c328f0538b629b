"""The report of a comparison, section by section."""

from collections.abc import Callable
from platform import python_version

from equipoise.inference.comparison import Comparison
from equipoise.report.comparison_tables import (
    NAME,
    difference_tables,
    distance_table,
    hypothesis_table,
    kernel_table,
    state_table,
)
from equipoise.report.comparison_words import (
    added_words,
    assumed_of,
    balance_entries,
    comparison_headline,
    shared_states,
    short_names,
    size_of,
    verdict_entries,
    warned_of_adding,
)
from equipoise.report.methods import versions
from equipoise.report.page.blocks import Block, Entries, Section, Shown, Words, facts_blocks
from equipoise.report.page.pictures import picture

_KERNELS, _PAIRS, _STATES = 40, 30, 40
_PACKAGES = ("equipoise", "numpy", "scipy", "matplotlib")


def verdict(found: Comparison) -> Section:
    """Give the verdict, whether it may be trusted before all else."""
    blocks: list[Block] = [
        Words(comparison_headline(found), "verdict" if found.converged else "warning")
    ]
    if (text := added_words(found)) is not None:
        blocks.append(Words(text, "warning" if warned_of_adding(found) else "plain"))
    blocks += facts_blocks(size_of(found), "Size of the deviations")
    return Section("verdict", "Verdict", tuple(blocks))


def kernels(found: Comparison) -> Section:
    """Show the kernels, what they share, and which of them obey balance."""
    table = kernel_table(found, _KERNELS, NAME)
    blocks: list[Block] = [Words(f"Kernels: {shared_states(found)}."), Shown(table)]
    if entries := balance_entries(found, short_names(found, NAME)):
        blocks.append(Entries(tuple(entries)))
    return Section("kernels", "Kernels", tuple(blocks))


def evidence(found: Comparison) -> Section:
    """Give the evidence of all hypotheses."""
    if not found.converged:
        return Section(
            "evidence", "Evidence", (Words(f"Withheld: {found.verdict.distrust}.", "warning"),)
        )
    return Section(
        "evidence",
        "Evidence",
        (Shown(hypothesis_table(found)), Entries(tuple(verdict_entries(found)))),
    )


def potentials(found: Comparison) -> Section:
    """Show the potentials side by side."""
    from equipoise.plots import plot_potentials

    if not found.converged:
        text = f"Withheld: {found.verdict.distrust}."
        return Section("potentials", "Potentials", (Words(text, "warning"),))
    return Section(
        "potentials",
        "Potentials",
        (
            picture(
                plot_potentials,
                found,
                "Potential of every state in each kernel, with intervals.",
                "Potentials given deviations from a shared one (grey ticks): posterior mean and "
                "95 % interval, each kernel shifted so that it lies closest to that. At most eight "
                "kernels, in their order.",
            ),
        ),
    )


def distances(found: Comparison) -> Section:
    """Show how far apart the kernels are."""
    from equipoise.plots import plot_clustering, plot_distances

    if not found.converged:
        text = "Withheld, for they rest on the same draws."
        return Section("distances", "Distances", (Words(text, "warning"),))
    if not found.distances:
        text = "There are too many kernels for the distances of all pairs; compare a part of them."
        return Section("distances", "Distances", (Words(text),))
    return Section(
        "distances",
        "Distances",
        (
            picture(
                plot_distances,
                found,
                "Matrix of the distances of all pairs of kernels.",
                "Root-mean-square difference of potentials, nats; kernels that are alike stand "
                "beside each other.",
            ),
            picture(
                plot_clustering,
                found,
                "Tree of the kernels, joined where they are alike.",
                "Kernels joined by average linkage of these distances, posterior means; near 0 "
                "they lie too high, so that joins of kernels that are alike do not reach 0.",
            ),
            Shown(distance_table(found, _PAIRS, NAME)),
        ),
    )


def differences(found: Comparison) -> Section | None:
    """Show by how much kernels differ in how they break balance."""
    tables = [one for one in difference_tables(found, _PAIRS, NAME) if one.rows]
    if not tables:
        return None
    shown = tuple(Shown(one) for one in tables)
    return Section("differences", "Differences in how balance is broken", shown)


def states(found: Comparison) -> Section | None:
    """Show which states differ."""
    table = state_table(found, _STATES, NAME)
    return Section("states", "States that differ", (Shown(table),)) if table.rows else None


def assumed(found: Comparison) -> Section:
    """Say what was assumed, and what was left out."""
    return Section("model", "Model and assumptions", facts_blocks(assumed_of(found)))


def provenance(found: Comparison) -> Section:
    """Give versions and seed."""
    seed = "none: not reproducible" if found.random_seed is None else str(found.random_seed)
    pairs = [("seed", seed), ("Python", python_version()), *versions(_PACKAGES).items()]
    return Section("versions", "Versions and seed", (Entries(tuple(pairs)),))


#: The report of a comparison, in order: each returns a section, or None.
COMPARISON_SECTIONS: tuple[Callable[[Comparison], Section | None], ...] = (
    verdict,
    kernels,
    evidence,
    potentials,
    distances,
    differences,
    states,
    assumed,
    provenance,
)
