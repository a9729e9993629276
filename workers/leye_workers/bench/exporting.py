"""`leye bench export`: what an item costs in each format of a delivered lot, and that memory stays flat.

The rows are written as they lie in the tables; the export is the one that a download makes, read and thrown away.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotState
from leye_platform.exports.formats import formats_for
from leye_platform.exports.service import export_project
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.rules import ItemState
from leye_platform.projects.task_type import task_type
from leye_platform.settings import Settings
from leye_workers.bench.town import build_town
from leye_workers.compose import opened

ROWS, CHUNK = 100_000, 5_000
TARGET_CPU_MS = 0.03
FIRST_NUMBER = 1_000_000
"""Numbers of rows begin here, above those that the small town has taken."""
MEGABYTE = 1_000_000


def export(rows: int = ROWS) -> Mapping[str, Any]:
    """CPU milliseconds an item by format, and by how much the process grew while all of them were written."""
    with (
        tempfile.TemporaryDirectory(prefix="leye-bench-") as folder,
        opened(Settings(data_dir=Path(folder) / "data")) as site,
    ):
        town = build_town(site, 10)
        with site.database.write() as session:
            _write_lot(session, site, session.get_one(Project, town.project_id), rows)
        with site.database.read() as session:
            project = session.get_one(Project, town.project_id)
            config = task_type(project.task_type, project.label_config).config
        before, found = _peak_mb(), {}
        for form in formats_for(config):
            found[f"{form.name} cpu_ms"] = _cost(site, town.project_id, form.name)
            if form.name == "JSON":
                found["JSON grew_mb"] = _peak_mb() - before
        grew = _peak_mb() - before
    return {"rows": rows, "target_cpu_ms": TARGET_CPU_MS} | found | {"all formats grew_mb": grew}


def _cost(site: Installation, project_id: UUID, name: str) -> float:
    with site.database.read() as session:
        began = time.process_time()
        written = export_project(session, project_id, name)
        for _ in written.chunks():
            pass
        spent = time.process_time() - began
    return round(1000 * spent / written.losses.items, 4)


def _peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024) // MEGABYTE


def _write_lot(session: Session, site: Installation, project: Project, rows: int) -> None:
    """A delivered lot of so many short texts with a class each."""
    now = site.clock.now()
    batch = session.scalars(select(Batch).where(Batch.project_id == project.id)).first()
    kind = task_type(project.task_type, project.label_config)
    variable, control = kind.config.texts[0], kind.config.controls[0]
    value = {"choices": [control.choices[0].value]}
    region = {"id": "1", "from_name": control.name, "to_name": control.to_name, "type": "choices", "value": value}
    lot = Lot(
        project_id=project.id,
        batch_id=batch.id if batch else new_id(),
        organisation_id=project.organisation_id,
        sequence=1,
        files={},
        state=LotState.DELIVERED,
        created_at=now,
        delivered_at=now,
    )
    session.add(lot)
    session.flush()
    item = {"batch_id": lot.batch_id, "project_id": project.id, "state": ItemState.DELIVERED, "created_at": now}
    kept = {"lot_id": lot.id, "quantity": Decimal(1), "result": [region], "confidence": 0.97, "guide_version": 1}
    for start in range(FIRST_NUMBER, FIRST_NUMBER + rows, CHUNK):
        ids = {number: new_id() for number in range(start, min(start + CHUNK, FIRST_NUMBER + rows))}
        items = [
            item
            | {
                "id": one,
                "number": n,
                "row": n,
                "data": {variable.variable: f"第 {n} 条：等了五天，不过值得，下次还来。"},
            }
            for n, one in ids.items()
        ]
        session.execute(insert(Item), items)
        session.execute(insert(LotItem), [kept | {"item_id": one} for one in ids.values()])
