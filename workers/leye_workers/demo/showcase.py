"""What waits for whoever signs in afterwards: an open batch with work, something to review, a lot to accept."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

from leye_workers.demo.annotate import Acknowledgements, Annotator
from leye_workers.demo.http_client import DemoStopped
from leye_workers.demo.kinds import DemoKind
from leye_workers.demo.office import Office
from leye_workers.demo.people import Manner, SimulatedAnnotator
from leye_workers.demo.run_note import DemoRun

LEAST_WAITING, LEAST_REVIEWS, LEAST_DECIDED = 20, 5, 8
WORKERS, TRUSTED = 4, 0.97
"""How many people answer alone, and the chance of the true label: such work goes to those who seldom err."""


def prepare_showcase(
    office: Office,
    run: DemoRun,
    people: Sequence[SimulatedAnnotator],
    *,
    kind: DemoKind,
    confirmed: Acknowledgements,
) -> str:
    """Have enough of everything wait, and no more than that done; the batch's id. Run again, it adds what is missing.

    Raises DemoStopped.
    """
    project = office.project(kind.by_single_answers())
    batch_id = _batch_with_work(office, project) or _new_batch(office, project, run, kind)
    kinds = {kind.task_type: kind}
    at_work = [Annotator(office.site.local_url, who, kinds, run.seed, confirmed) for who in trusted(people)]
    for annotator in cycle(at_work):
        counts = _states(office, batch_id)
        decided = counts.get("decided", 0) + counts.get("delivered", 0)
        if counts.get("review", 0) >= LEAST_REVIEWS and decided >= LEAST_DECIDED:
            break
        if not annotator.work_once(project):
            raise DemoStopped("the waiting batch ran out of tasks before there was something to review and to accept")
    if not office.lot_to_accept(batch_id):
        office.cut_lot(batch_id)
    return batch_id


def trusted(people: Sequence[SimulatedAnnotator]) -> list[SimulatedAnnotator]:
    """Who answers where one answer decides: the first of the crowd, each working as carefully as such work asks."""
    return [replace(who, manner=Manner.CAREFUL, accuracy=max(TRUSTED, who.accuracy)) for who in people[:WORKERS]]


def _batch_with_work(office: Office, project: str) -> str | None:
    for batch in office.batches(project):
        if batch["state"] == "open" and batch["items"].get("waiting", 0) > LEAST_WAITING + LEAST_DECIDED:
            return str(batch["id"])
    return None


def _new_batch(office: Office, project: str, run: DemoRun, kind: DemoKind) -> str:
    return office.bring_in(project, run.batch_name, lambda: kind.waiting_batch(run), lambda _share: None)


def _states(office: Office, batch_id: str) -> dict[str, Any]:
    counts: dict[str, Any] = office.coordinator.get(f"/api/v1/batches/{batch_id}")["items"]
    return counts
