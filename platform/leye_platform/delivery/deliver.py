"""The job that writes a lot's files and delivers it. Run again, it ends the same."""

import tempfile
from collections.abc import Iterator
from uuid import UUID

from leye_platform.delivery.models import Lot
from leye_platform.delivery.quality_kept import keep, reckon_lot
from leye_platform.delivery.rules import LOT_MOVES, LotState
from leye_platform.delivery.service import about_lot, accept_deadline, move_items
from leye_platform.exports.formats import FORMATS, LOT_FILES
from leye_platform.exports.rows import lot_rows
from leye_platform.installation import Installation
from leye_platform.notices.events import lot_was_delivered
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import DataState, ItemState
from leye_platform.states import check_move
from leye_platform.webhooks.rules import Event
from leye_platform.webhooks.service import tell_webhooks

SPOOLED = 4 << 20  # bytes kept in memory before a file is written to disk


def deliver_lot(installation: Installation, lot_id: UUID) -> None:
    """Write the lot's files to the object store, then hand the lot to the partner.

    The files call the classes as the project's map has it now, and stay so; the lot remembers the map. The figures of
    its quality report are counted once it is delivered; should the job end before that, the first look counts them.
    """
    with installation.database.read() as session:
        lot = session.get_one(Lot, lot_id)
        if lot.state is not LotState.ASSEMBLING:
            return
        files, names = {}, session.get_one(Project, lot.project_id).class_names
        for name in LOT_FILES:
            form = FORMATS[name]
            key = f"lots/{lot_id}/labels.{form.extension}"
            with tempfile.SpooledTemporaryFile(SPOOLED) as file:
                _pour(form.write(lot_rows(session, lot_id, names)), file)
                file.seek(0)
                installation.objects.put(key, file, content_type=form.content_type)
            files[name] = key
    now = installation.clock.now()
    with installation.database.write() as session:
        lot = session.get_one(Lot, lot_id, with_for_update=True)
        if lot.state is not LotState.ASSEMBLING:
            return
        lot.state = check_move(LOT_MOVES, lot.state, LotState.DELIVERED)
        lot.files, lot.class_names, lot.delivered_at = files, names, now
        lot.accept_by = accept_deadline(session.get_one(Project, lot.project_id), now)
        move_items(session, lot, ItemState.DECIDED, ItemState.DELIVERED)
        lot_was_delivered(session, lot, now)
        tell_webhooks(session, lot.project_id, Event.LOT_DELIVERED, about_lot(lot), now)
    count_lot(installation, lot_id)


def count_lot(installation: Installation, lot_id: UUID) -> None:
    """Count what a lot's quality report tells, and keep it, where what is kept no longer holds.

    Nothing where the batch's content is going or gone: nobody is shown a report of it.
    """
    with installation.database.read() as session:
        lot = session.get_one(Lot, lot_id)
        if session.get_one(Batch, lot.batch_id).data_state is not DataState.KEPT:
            return
        reckoned = reckon_lot(session, lot, installation.clock.now())
    keep(installation.database, reckoned)


def _pour(chunks: Iterator[bytes], file: "tempfile.SpooledTemporaryFile[bytes]") -> None:
    for chunk in chunks:
        file.write(chunk)
