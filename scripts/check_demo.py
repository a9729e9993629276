"""Checks what `leye demo` left, as an outsider would: files, fields, and that they agree with each other.

check_demo.py DIR [LEAST_ITEMS, default 300]
"""

import csv
import json
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

FIELDS = {
    "items",
    "microtasks",
    "answers",
    "answers_if_fixed_overlap",
    "accuracy",
    "accuracy_by_type",
    "best_annotator_accuracy_by_type",
    "reviewed",
    "accepted",
    "invoice_total_minor",
    "earned_micros",
    "currency",
    "ledger_balanced",
    "seconds",
    "accounts",
    "projects",
}
ROLES = {
    "admin",
    "coordinator",
    "finance",
    "reviewer",
    "leader",
    "annotator",
    "partner-admin",
    "partner-qa",
    "partner-finance",
    "partner-engineer",
}
TYPES = {"text_classification", "named_entities", "image_boxes"}
SIDES = (("x", "width"), ("y", "height"))
INVOICE = ["line", "lot", "description", "quantity", "unit", "unit_price", "amount_minor", "currency"]
INVOICE_ITEMS = ["line", "item_id", "external_id", "quantity"]
ANSWER = {"response_id", "assignment_id", "annotator"}
ENOUGH_TO_COMPARE = 300
"""In a smaller batch the best annotator may be lucky on the few items that they answered."""


def expect(holds: bool, sentence: str) -> None:
    """End the check with the sentence where something does not hold."""
    if not holds:
        raise SystemExit(sentence)


def rows(path: Path, header: list[str]) -> list[dict[str, str]]:
    """A CSV file's rows; its header must be exactly the agreed one."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        expect(reader.fieldnames == header, f"{path.name}: header {reader.fieldnames}")
        return list(reader)


def answers(path: Path) -> list[dict[str, str]]:
    """A file of answers, a line each with exactly the agreed fields."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    expect(all(set(row) == ANSWER for row in found), f"{path.name}: a line has other fields than {sorted(ANSWER)}")
    return found


def check(folder: Path, least_items: int) -> None:
    """Check one folder; raises SystemExit with a sentence at the first thing that does not hold."""
    missing = [
        name
        for name in ("summary.json", "labels.json", "invoice.html", "quality.html", "ledger.beancount")
        if not (folder / name).is_file() or (folder / name).stat().st_size < 200
    ]
    expect(not missing, f"missing or empty: {', '.join(missing)}")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    _check_summary(summary, least_items)
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    _check_labels(labels, summary)
    _check_invoice(folder, labels, summary)
    stored = _check_answers(folder)
    print(f"{folder.name}: {len(labels)} items, {stored} answers, {summary['invoice_total_minor']} fen: all agree")


def _check_summary(summary: dict[str, Any], least_items: int) -> None:
    expect(summary.keys() >= FIELDS, f"summary.json lacks {sorted(FIELDS - summary.keys())}")
    expect(summary["ledger_balanced"] is True, "the ledger does not balance")
    expect(summary["items"] >= least_items, f"only {summary['items']} items")
    expect(summary["accounts"].keys() >= ROLES, f"no account for {sorted(ROLES - summary['accounts'].keys())}")
    expect(all(set(one) >= {"email", "password"} for one in summary["accounts"].values()), "an account lacks a field")
    expect(summary["accuracy_by_type"].keys() >= TYPES, f"a type is missing: {sorted(summary['accuracy_by_type'])}")
    for kind, accuracy in summary["accuracy_by_type"].items():
        best = summary["best_annotator_accuracy_by_type"][kind]
        compared = summary["items"] >= ENOUGH_TO_COMPARE
        expect(accuracy > best or not compared, f"{kind}: consensus {accuracy} is not above the best annotator {best}")


def _check_labels(labels: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    delivered = [task["meta"]["item_id"] for task in labels]
    expect(len(set(delivered)) == len(delivered) == summary["accepted"], "an accepted item is missing or twice")
    expect(all(len(task["annotations"]) == 1 for task in labels), "an item without its one annotation")
    expect(all(task["annotations"][0]["result"] for task in labels), "an item with an empty annotation")
    expect({task["meta"]["project"] for task in labels} <= summary["projects"].keys(), "an item of an unknown project")
    externals = [task["meta"]["external_id"] for task in labels]
    expect(len(set(externals)) == len(externals), "an external id stands twice in labels.json")
    regions = [region for task in labels for region in task["annotations"][0]["result"]]
    boxes = [region["value"] for region in regions if region["type"] == "rectanglelabels"]
    expect(bool(boxes), "no box was delivered")
    inside = all(0 <= box[at] < box[at] + box[side] <= 100.001 for box in boxes for at, side in SIDES)
    expect(
        inside and all(len(box["rectanglelabels"]) == 1 for box in boxes), "a box leaves its picture, or has no label"
    )


def _check_invoice(folder: Path, labels: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    invoice, billed = rows(folder / "invoice.csv", INVOICE), rows(folder / "invoice_items.csv", INVOICE_ITEMS)
    delivered = sorted((task["meta"]["item_id"], task["meta"]["external_id"]) for task in labels)
    expect(
        delivered == sorted((row["item_id"], row["external_id"]) for row in billed),
        "labels.json and invoice_items.csv differ",
    )
    quantities: dict[str, Decimal] = {}
    for row in billed:
        quantities[row["line"]] = quantities.get(row["line"], Decimal(0)) + Decimal(row["quantity"])
    expect(quantities.keys() == {row["line"] for row in invoice}, "items stand on lines that the invoice has not")
    prices = {Decimal(project["unit_price"]) for project in summary["projects"].values()}
    for row in invoice:
        quantity, price = Decimal(row["quantity"]), Decimal(row["unit_price"])
        expect(quantities[row["line"]] == quantity, f"line {row['line']}: {quantities[row['line']]} items")
        wanted = (quantity * price * 100).quantize(Decimal(1), ROUND_HALF_EVEN)
        expect(Decimal(row["amount_minor"]) == wanted, f"line {row['line']}: amount {row['amount_minor']}")
        expect(price in prices, f"line {row['line']}: unit price {price} is none of summary.json's")
        expect(row["currency"] == summary["currency"], f"line {row['line']}: currency {row['currency']}")
    total = sum(int(row["amount_minor"]) for row in invoice)
    expect(total == summary["invoice_total_minor"], f"the lines add up to {total}, not to the total")


def _check_answers(folder: Path) -> int:
    """Every confirmed answer is stored, once; how many are stored."""
    confirmed, stored = answers(folder / "acknowledged.jsonl"), answers(folder / "responses.jsonl")
    by_id = {row["response_id"]: row for row in stored}
    expect(len(by_id) == len(stored), "an answer is stored twice")
    expect(len({row["assignment_id"] for row in stored}) == len(stored), "an assignment has two answers")
    expect(len({row["response_id"] for row in confirmed}) == len(confirmed), "an answer was confirmed to two people")
    lost = [row for row in confirmed if by_id.get(row["response_id"]) != row]
    expect(not lost, f"{len(lost)} confirmed answers are missing or stored differently")
    return len(stored)


if __name__ == "__main__":
    check(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ENOUGH_TO_COMPARE)
