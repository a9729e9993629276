"""Commands on the books and the log: ledger check, ledger export, decisions replay."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show, tell


class BooksFormat(StrEnum):
    BEANCOUNT = "beancount"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    ledger = typer.Typer(help="The books.", no_args_is_help=True)
    ledger.command()(check)
    ledger.command()(export)
    decisions = typer.Typer(help="What was decided.", no_args_is_help=True)
    decisions.command()(replay)
    decisions.callback()(lambda: None)  # one command alone would take the group's name
    app.add_typer(decisions, name="decisions")
    app.add_typer(ledger, name="ledger")


def check(as_json: AsJson = False) -> None:
    """Whether the books hold; every way in which they don't."""
    import json

    from leye_platform.billing.books import check_books
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    with opened(read_settings()) as installation, installation.database.read() as session:
        problems = check_books(session)
    if as_json:
        print(json.dumps({"balanced": not problems, "problems": problems}, ensure_ascii=False))
    else:
        print("\n".join(problems) or "the books balance")
    if problems:
        raise typer.Exit(1)


def export(
    form: Annotated[BooksFormat, typer.Option("--format", help="Who reads it.")],
    out: Annotated[Path | None, typer.Option(help="The file to write; stdout where none is named.")] = None,
) -> None:
    """All entries, oldest first."""
    from leye_platform.billing.books import export_beancount, export_csv
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    write = export_beancount if form is BooksFormat.BEANCOUNT else export_csv
    with opened(read_settings()) as installation, installation.database.read() as session:
        if out is None:
            sys.stdout.writelines(write(session))
            return
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(write(session))
    tell(f"written to {out}")


def replay(
    project: Annotated[str, typer.Argument(help="Id, number or title.")],
    as_json: AsJson = False,
) -> None:
    """Draw every live decision of a project again from its log; every difference."""
    from leye_platform.review.replayed import replay_decisions
    from leye_platform.settings import read_settings
    from leye_workers.batch_import import find_project
    from leye_workers.compose import opened

    with opened(read_settings()) as installation, installation.database.read() as session:
        found = replay_decisions(session, find_project(session, project).id)
    for difference in found.differences:
        tell(difference)
    counts = {"weighings": found.weighings, "decisions": found.decisions, "differences": len(found.differences)}
    show(counts, as_json=as_json)
    if found.differences:
        raise typer.Exit(1)
