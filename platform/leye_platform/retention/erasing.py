"""The job that erases a batch's content, step by step.

Killed at any moment and run again, it ends the same: each object stands in `erased_objects` before it goes, each
content goes in one transaction with its row, and rows go in blocks whose end the erasure's row remembers.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, func, select

from leye_platform.assignments.models import Assignment
from leye_platform.assignments.rules import GOLD_ROUND, AssignmentState
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, ask_for
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.retention.certificate import certify
from leye_platform.retention.content_rows import BLOCK, erase_block, erase_rest
from leye_platform.retention.erased_objects import list_objects, remove_contents, remove_objects
from leye_platform.retention.models import Erasure
from leye_platform.retention.rules import ERASURE_MOVES, ErasureStep
from leye_platform.states import check_move

LONGEST_WAIT = timedelta(hours=2)
"""So long at most an erasure waits for answers to items that serve as gold; nobody gets such an item meanwhile."""


class StillAnswered(Exception):
    """Somebody has an item of the batch in hand, which serves as gold: the job is to be tried again."""


def run_erasure(installation: Installation, erasure_id: UUID) -> None:
    """Erase what is left to erase, and write the certificate.

    Raises StillAnswered, before anything is erased.
    """
    _wait_for_answers(installation, erasure_id)
    steps = {
        ErasureStep.LISTING: list_objects,
        ErasureStep.OBJECTS: remove_objects,
        ErasureStep.CONTENTS: remove_contents,
        ErasureStep.ROWS: _erase_rows,
        ErasureStep.PROOF: certify,
    }
    while True:
        with installation.database.read() as session:
            step = session.get_one(Erasure, erasure_id).step
        if step is ErasureStep.DONE:
            return
        steps[step](installation, erasure_id)
        _go_on(installation, erasure_id, step)


def _wait_for_answers(installation: Installation, erasure_id: UUID) -> None:
    with installation.database.read() as session:
        erasure = session.get_one(Erasure, erasure_id)
        held = exists().where(
            MicroTask.batch_id == erasure.batch_id,
            Assignment.microtask_id == MicroTask.id,
            Assignment.round == GOLD_ROUND,
            Assignment.state == AssignmentState.LEASED,
        )
        waits = erasure.step is ErasureStep.LISTING and installation.clock.now() < erasure.asked_at + LONGEST_WAIT
        if waits and session.scalar(select(held)):
            raise StillAnswered


def _go_on(installation: Installation, erasure_id: UUID, done: ErasureStep) -> None:
    [following] = ERASURE_MOVES[done]
    with installation.database.write() as session:
        erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
        if erasure.step is done:
            erasure.step = check_move(ERASURE_MOVES, erasure.step, following)


def _erase_rows(installation: Installation, erasure_id: UUID) -> None:
    """A batch's rows in blocks, then what belongs to the batch as a whole."""
    with installation.database.read() as session:
        erasure = session.get_one(Erasure, erasure_id)
        batch_id, done = erasure.batch_id, erasure.done_row
        last = session.scalar(select(func.max(Item.row)).where(Item.batch_id == batch_id)) or 0
    while done < last:
        done += BLOCK
        with installation.database.write() as session:
            erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
            if erasure.done_row >= done:
                continue
            counted = erase_block(session, batch_id, done - BLOCK, done)
            erasure.facts = erasure.facts | {
                name: erasure.facts.get(name, 0) + count for name, count in counted.items()
            }
            erasure.done_row = done
    with installation.database.write() as session:
        erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
        batch = session.get_one(Batch, batch_id)
        erasure.facts = erasure.facts | erase_rest(session, batch, erasure)
        # What was found by answers that are gone is found no more.
        arguments = {"project_id": str(batch.project_id)}
        ask_for(session, JobName.REFIT_SKILLS, arguments, installation.clock.now(), once_for=batch.project_id)
