"""What the demo leaves in its folder: what each role fetches from the site, and the run's figures."""

import csv
import io
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from leye_platform.billing.books import check_books
from leye_platform.installation import Installation
from leye_workers.demo.figures import figures_of, stored_responses
from leye_workers.demo.http_client import Client
from leye_workers.demo.kinds import DemoKind, DemoProject
from leye_workers.demo.office import Office
from leye_workers.demo.people import Account
from leye_workers.demo.run_note import DemoRun
from leye_workers.refusals import CommandRefused

ACKNOWLEDGED, RESPONSES, SUMMARY = "acknowledged.jsonl", "responses.jsonl", "summary.json"
FETCHED = ("labels*.json", "labels*.jsonl", "labels*.csv", "invoice*.html", "invoice*.csv", "quality*.html")
BOOKS = "ledger.beancount"
FIRST = "text_classification"
"""The task type whose files have the plain names."""


class OutputFolder:
    """The demo's folder. A file appears whole, or as it was before.

    Raises CommandRefused where nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            with self._draft(".writable"):
                pass
        except OSError as error:
            raise CommandRefused(f"--out {path}: cannot write there ({error.strerror}); choose another") from None

    @property
    def acknowledged(self) -> Path:
        return self.path / ACKNOWLEDGED

    def clear(self) -> None:
        """Remove an earlier run's files, and nothing else that may lie there."""
        for pattern in (ACKNOWLEDGED, RESPONSES, SUMMARY, BOOKS, *FETCHED):
            for file in self.path.glob(pattern):
                file.unlink()

    def take_over(self, earlier: Path) -> None:
        """Go on here with what the crowd wrote down in another folder."""
        if earlier != self.path and (earlier / ACKNOWLEDGED).exists() and not self.acknowledged.exists():
            shutil.copy(earlier / ACKNOWLEDGED, self.acknowledged)

    def write(self, name: str, content: bytes | Iterable[bytes]) -> None:
        """Put a file in place."""
        with self._draft(name) as draft:
            with draft.open("wb") as file:
                file.writelines([content] if isinstance(content, bytes) else content)
            draft.replace(self.path / name)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Put a file with one JSON object in place, laid out for reading."""
        self.write(name, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")

    def write_lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put a file of JSON lines in place."""
        self.write(name, (orjson.dumps(row) + b"\n" for row in rows))

    @contextmanager
    def _draft(self, name: str) -> Iterator[Path]:
        draft = self.path / f".{name}.draft"
        draft.touch()
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)


@dataclass(frozen=True)
class Delivered:
    """What came of one of the demo's projects: its id and what it was made of, its task type, its accepted lot."""

    project_id: str
    project: DemoProject
    kind: DemoKind
    lot: Mapping[str, Any]

    def named(self, name: str) -> str:
        """A file's name; the texts, which were there first, have it plain."""
        stem, dot, ending = name.partition(".")
        return name if self.kind.task_type == FIRST else f"{stem}-{self.kind.task_type}{dot}{ending}"


def write_results(folder: OutputFolder, office: Office, delivered: Sequence[Delivered]) -> None:
    """Labels, invoice, quality report and books, each fetched by whoever may have it.

    JSON holds the items of all lots; tables, whose columns differ, and quality reports are one for each.
    """
    labels: list[Any] = []
    lines: list[bytes] = []
    for one in delivered:
        for file in one.lot["files"]:
            content = office.fetch(file["url"])
            if file["format"] == "JSON":
                labels += orjson.loads(content)
            elif file["format"] == "JSONL":
                lines.append(content)
            else:
                folder.write(one.named(f"labels.{file['format'].lower()}"), content)
        report = office.inspector.call("GET", f"/api/v1/lots/{one.lot['id']}/quality.html").content
        folder.write(one.named("quality.html"), report)
    folder.write("labels.json", b"[\n" + b",\n".join(orjson.dumps(task) for task in labels) + b"\n]\n")
    folder.write("labels.jsonl", lines)
    write_invoices(folder, office.sign_in("partner-finance"), invoices_of(delivered))
    folder.write(BOOKS, office.sign_in("finance").call("GET", "/api/v1/ledger.beancount").content)


def invoices_of(delivered: Sequence[Delivered]) -> list[str]:
    """The invoices of some lots: mostly one, and more where the job ran between two acceptances."""
    return list(dict.fromkeys(one.lot["invoice"] for one in delivered))


def write_invoices(folder: OutputFolder, bookkeeper: Client, invoices: Sequence[str]) -> None:
    """The invoice as a page and as tables; of several the lines are numbered on from one to the next."""
    tables: dict[str, list[list[str]]] = {"invoice.csv": [], "invoice_items.csv": []}
    before = 0
    for number, invoice in enumerate(invoices, start=1):
        path = f"/api/v1/invoices/{invoice}"
        page = bookkeeper.call("GET", f"{path}.html").content
        folder.write("invoice.html" if number == 1 else f"invoice-{number}.html", page)
        last = before
        for name, ending in (("invoice.csv", ".csv"), ("invoice_items.csv", "/items.csv")):
            text = bookkeeper.call("GET", f"{path}{ending}").content.decode("utf-8-sig")
            header, *rows = csv.reader(io.StringIO(text))
            moved = [[str(before + int(row[0])), *row[1:]] for row in rows]
            tables[name] = [*(tables[name] or [header]), *moved]
            last = max([last, *(int(row[0]) for row in moved)])
        before = last
    for name, rows in tables.items():
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(rows)
        folder.write(name, written.getvalue().encode())


def write_responses(folder: OutputFolder, installation: Installation, batch_ids: Sequence[str]) -> None:
    """Every stored response of the run's batches, as the platform has it."""
    with installation.database.read() as session:
        folder.write_lines(RESPONSES, stored_responses(session, [UUID(batch_id) for batch_id in batch_ids]))


COUNTED = (
    "items",
    "microtasks",
    "answers",
    "gold_answers",
    "answers_if_fixed_overlap",
    "reviewed",
    "accepted",
    "earned_micros",
)


def summary_of(
    installation: Installation, office: Office, run: DemoRun, delivered: Sequence[Delivered]
) -> dict[str, Any]:
    """What `summary.json` says, the seconds aside."""
    with installation.database.read() as session:
        found = {one.kind.task_type: asdict(figures_of(session, UUID(one.lot["batch"]), one.kind)) for one in delivered}
        balanced = not check_books(session)
    summed = {name: sum(figures[name] for figures in found.values()) for name in COUNTED}
    right = sum(figures["accuracy"] * figures["items"] for figures in found.values())
    return summed | {
        "accuracy": right / summed["items"],
        "accuracy_by_type": {name: figures["accuracy"] for name, figures in found.items()},
        "best_annotator_accuracy_by_type": {
            name: figures["best_annotator_accuracy"] for name, figures in found.items()
        },
        "by_type": found,
        "invoice_total_minor": sum(one.lot["amount_minor"] for one in delivered),
        "currency": delivered[0].lot["currency"],
        "ledger_balanced": balanced,
        "run": run.number,
        "batches": [one.lot["batch"] for one in delivered],
        "lots": [one.lot["id"] for one in delivered],
        "invoices": invoices_of(delivered),
        "accounts": accounts_of(office.accounts),
        "projects": {
            one.project_id: {"title": one.project.title, "unit_price": one.project.unit_price} for one in delivered
        },
    }


def accounts_of(accounts: Mapping[str, Account]) -> dict[str, dict[str, str]]:
    """Who signs in as what, by role."""
    return {role: {"email": account.email, "password": account.password} for role, account in accounts.items()}
