"""The command `bench`: benchmarks by name."""

from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show


def register(app: typer.Typer) -> None:
    app.command()(bench)


RECORDED = Path("../shared/data/consensus")
"""Where outside checks keep recorded answers."""


TAKES = {"consensus": ("data",), "ingest": ("rows",), "capacity": ("people", "items", "database")}
"""The options of each benchmark that has any."""


def bench(
    name: Annotated[str, typer.Argument(help="Which one.")],
    data: Annotated[
        Path | None,
        typer.Option(help="consensus: recorded answers; else ../shared/data/consensus, where it is."),
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1000, help="ingest: how many rows are read.")] = None,
    people: Annotated[int | None, typer.Option(min=1, help="capacity: how many annotators to reckon with.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="capacity: how many items to reckon with.")] = None,
    database: Annotated[
        str | None, typer.Option(help="capacity: an empty PostgreSQL database, which is filled; else SQLite.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a benchmark and print its figures."""
    from leye_workers.bench import BENCHMARKS

    if name not in BENCHMARKS:
        raise typer.BadParameter(f"{name} is unknown; known are {', '.join(sorted(BENCHMARKS))}")
    given: dict[str, object] = {"data": data, "rows": rows, "people": people, "items": items, "database": database}
    told = {option: value for option, value in given.items() if value is not None}
    for option in told:
        if option not in TAKES.get(name, ()):
            raise typer.BadParameter(f"{name} does not take --{option}")
    if name == "consensus":
        if data is not None and not data.is_dir():
            raise typer.BadParameter(f"{data} is not a folder")
        told = {"data": data or (RECORDED if RECORDED.is_dir() else None)}
    show(BENCHMARKS[name](**told), as_json=as_json)
