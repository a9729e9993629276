"""The command `bench`: benchmarks by name."""

from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show


def register(app: typer.Typer) -> None:
    app.command()(bench)


def bench(name: Annotated[str, typer.Argument(help="Which one.")], as_json: AsJson = False) -> None:
    """Run a benchmark and print its figures."""
    from leye_workers.bench import BENCHMARKS

    if name not in BENCHMARKS:
        raise typer.BadParameter(f"{name} is unknown; known are {', '.join(sorted(BENCHMARKS))}")
    show(BENCHMARKS[name](), as_json=as_json)
