"""What rows say of a batch's content: replaced by nothing, while counts, people, times and money stay.

Answers may lose what they say only while their batch's row says that it is being erased: the database itself looks.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Delete, Select, Update, case, delete, func, literal, null, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Assignment, Draft, ReplacedAnswer, Response, Slot
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.matching.models import SealedKind, SealedRecord
from leye_platform.projects.models import Addition, Batch, BatchBucket, Item, MicroTask, RefusedRow
from leye_platform.retention.models import Erasure
from leye_platform.retention.rules import ERASED
from leye_platform.review.models import Decision, ItemDecision, PersonFlag, Review
from leye_platform.teams.models import HelpRequest
from leye_platform.uploads.models import UploadSession

BLOCK = 500  # rows of a batch erased in one unit of work
NOTHING: dict[str, Any] = {}
_HERE = {"synchronize_session": False}


def erase_block(session: Session, batch_id: UUID, after: int, until: int) -> dict[str, int]:
    """Erase the items of these rows and all that was said about them; how many of each there were.

    The micro-tasks come first: an answer that is being stored holds its task's row, and comes before this or finds that
    there is nothing to answer any more.
    """
    items = select(Item.id).where(Item.batch_id == batch_id, Item.row > after, Item.row <= until)
    tasks = select(MicroTask.id).where(MicroTask.item_id.in_(items))
    held = select(Assignment.id).join(Slot, Slot.id == Assignment.slot_id).where(Slot.microtask_id.in_(tasks))
    lots = select(Lot.id).where(Lot.batch_id == batch_id)
    said_of_them = (
        update(Response).where(Response.microtask_id.in_(tasks)).values(result=ERASED, labels=ERASED, as_sent=None)
    )
    kept_gold = case((MicroTask.gold_labels.is_not(None), _erased()), else_=null())
    counted = {
        "micro_tasks": _run(
            session,
            update(MicroTask)
            .where(MicroTask.item_id.in_(items))
            .values(content=NOTHING, posterior=None, weighings=None, proposal=None, gold_labels=kept_gold),
        ),
        "items": _run(
            session,
            update(Item)
            .where(Item.batch_id == batch_id, Item.row > after, Item.row <= until)
            .values(
                data=NOTHING,
                external_id=None,
                source_key=None,
                gold_result=case((Item.gold_result.is_not(None), _erased()), else_=null()),
            ),
        ),
        "drafts": _run(session, delete(Draft).where(Draft.assignment_id.in_(held))),
        "answers": _run(
            session,
            said_of_them.where(Response.round != GOLD_ROUND),
        ),
        "decisions": _run(
            session, update(Decision).where(Decision.item_id.in_(items)).values(result=ERASED, labels=ERASED)
        ),
        "reviews": _run(
            session, update(Review).where(Review.microtask_id.in_(tasks)).values(comment=None, result=None)
        ),
    }
    answers = select(Response.id).where(Response.microtask_id.in_(tasks))
    for statement in (
        # Decided items that served as gold: a partner's certificate does not count what people said of them then.
        said_of_them.where(Response.round == GOLD_ROUND),
        update(ReplacedAnswer)
        .where(ReplacedAnswer.response_id.in_(answers))
        .values(result=ERASED, labels=ERASED, as_sent=None),
        update(ItemDecision).where(ItemDecision.item_id.in_(items)).values(result=ERASED),
        update(LotItem).where(LotItem.lot_id.in_(lots), LotItem.item_id.in_(items)).values(result=ERASED, reason=None),
        update(Assignment)
        .where(Assignment.id.in_(held), Assignment.skip_comment.is_not(None))
        .values(skip_comment=None),
        update(HelpRequest).where(HelpRequest.assignment_id.in_(held)).values(words="", answer=""),
    ):
        _run(session, statement)
    return counted


def erase_rest(session: Session, batch: Batch, erasure: Erasure) -> dict[str, int]:
    """What the batch itself, its files and its lots say of content: names of files, refused rows, keys of a bucket."""
    additions = select(Addition.id).where(Addition.batch_id == batch.id)
    refused = _run(session, delete(RefusedRow).where(RefusedRow.batch_id == batch.id))
    batch.source_name, batch.problem = None, None
    batch.proposals_refused = {}
    for statement in (
        update(Addition).where(Addition.batch_id == batch.id).values(source_name="", problem=None),
        update(Lot).where(Lot.batch_id == batch.id).values(files={}, reason=None),
        # Words to an annotator about their answers may quote what they were about.
        update(PersonFlag).where(PersonFlag.project_id == batch.project_id).values(words=""),
        update(UploadSession)
        .where((UploadSession.subject_id == batch.id) | UploadSession.subject_id.in_(additions))
        .values(file_name="", first_part=None),
        delete(SealedRecord).where(SealedRecord.kind == SealedKind.BUCKET_KEYS, SealedRecord.subject_id == batch.id),
        delete(BatchBucket).where(BatchBucket.batch_id == batch.id),
    ):
        _run(session, statement)
    return {"refused_rows": max(refused, erasure.facts.get("refused_rows", 0))}


def content_left(session: Session, batch_id: UUID) -> int:
    """How many rows of an erased batch say something still: none."""
    responses: Select[Any] = select(func.count()).where(Response.batch_id == batch_id)
    asked = (
        select(func.count()).where(Item.batch_id == batch_id, Item.data != NOTHING),
        select(func.count()).where(MicroTask.batch_id == batch_id, MicroTask.content != NOTHING),
        responses.where((Response.result != ERASED) | (Response.labels != ERASED)),
        select(func.count())
        .select_from(ReplacedAnswer)
        .join(Response, Response.id == ReplacedAnswer.response_id)
        .where(Response.batch_id == batch_id)
        .where((ReplacedAnswer.result != ERASED) | (ReplacedAnswer.labels != ERASED)),
        select(func.count()).where(Decision.batch_id == batch_id, Decision.result != ERASED),
        select(func.count()).where(RefusedRow.batch_id == batch_id),
    )
    return sum(session.scalar(query) or 0 for query in asked)


def _erased() -> Any:
    return literal(ERASED, MicroTask.gold_labels.type)


def _run(session: Session, statement: Update | Delete) -> int:
    result = session.execute(statement, execution_options=_HERE)
    return result.rowcount if isinstance(result, CursorResult) else 0
