"""The command `bench`: benchmarks by name."""

from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show


def register(app: typer.Typer) -> None:
    app.command()(bench)


RECORDED = Path("../shared/data/consensus")
"""Where outside checks keep recorded answers."""


def bench(
    name: Annotated[str, typer.Argument(help="Which one.")],
    data: Annotated[
        Path | None,
        typer.Option(help="consensus: recorded answers; else ../shared/data/consensus, where it is."),
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1000, help="ingest: how many rows are read.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a benchmark and print its figures."""
    from leye_workers.bench import BENCHMARKS
    from leye_workers.bench.consensus import consensus
    from leye_workers.bench.ingest import ingest

    if name not in BENCHMARKS:
        raise typer.BadParameter(f"{name} is unknown; known are {', '.join(sorted(BENCHMARKS))}")
    if rows is not None:
        if name != "ingest":
            raise typer.BadParameter("only ingest takes --rows")
        show(ingest(rows), as_json=as_json)
        return
    if name != "consensus":
        if data is not None:
            raise typer.BadParameter("only consensus takes --data")
        show(BENCHMARKS[name](), as_json=as_json)
        return
    if data is not None and not data.is_dir():
        raise typer.BadParameter(f"{data} is not a folder")
    show(consensus(data or (RECORDED if RECORDED.is_dir() else None)), as_json=as_json)
