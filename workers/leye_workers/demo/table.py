"""How the demo shows what goes on: bars on stderr while it works, tables on stdout when it is done."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table


class Bars:
    """One bar for each stage, shown when it begins."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=Console(stderr=True))
        self._stages: dict[str, TaskID] = {}

    def __enter__(self) -> "Bars":
        self.progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.progress.stop()

    def show(self, stage: str, done: float, total: float) -> None:
        """How far a stage has come."""
        if stage not in self._stages:
            self._stages[stage] = self.progress.add_task(stage, total=total)
        self.progress.update(self._stages[stage], completed=done, total=total)


def print_summary(summary: Mapping[str, Any], out: Path) -> None:
    """What the run came to."""
    table = Table(title=f"Leye demo, run {summary['run']}", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    saved = 1 - (summary["answers"] - summary["gold_answers"]) / summary["answers_if_fixed_overlap"]
    best = max(summary["best_annotator_accuracy_by_type"].values())
    for name, value in (
        ("items delivered, accepted", f"{summary['items']:,}, {summary['accepted']:,}"),
        ("answers", f"{summary['answers']:,} ({summary['gold_answers']:,} to gold items)"),
        ("with fixed overlap", f"{summary['answers_if_fixed_overlap']:,} (saved {saved:.0%})"),
        ("accuracy of the decisions", f"{summary['accuracy']:.1%}"),
        ("accuracy of the best annotator", f"{best:.1%}"),
        ("settled by the reviewer", f"{summary['reviewed']:,}"),
        ("invoice", f"{summary['invoice_total_minor'] / 100:,.2f} {summary['currency']}"),
        ("earned", f"{summary['earned_micros'] / 1_000_000:,.2f} {summary['currency']}"),
        ("the books", "balance" if summary["ledger_balanced"] else "DO NOT BALANCE: run `leye ledger check`"),
        ("seconds", f"{summary['seconds']}"),
    ):
        table.add_row(name, value)
    console = Console()
    console.print(table)
    console.print(f"files in {out}", soft_wrap=True, highlight=False, markup=False)


def print_sign_ins(url: str, accounts: Mapping[str, Mapping[str, str]]) -> None:
    """Where to sign in, as whom."""
    table = Table(title=f"Sign in at {url}", title_justify="left")
    for heading in ("role", "e-mail", "password"):
        table.add_column(heading, no_wrap=True)
    for role, account in accounts.items():
        table.add_row(role, account["email"], account["password"])
    Console().print(table)


def tell(text: str) -> None:
    """Say how it goes, on stderr."""
    Console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)
