"""Files handed in by form, and read by the very code that runners use."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import select

from leye_platform.projects.models import Addition, Batch
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from support.shipping import Shipping, SignedIn

Csv = tuple[str, bytes, str]


def csv_file(content: bytes | str, name: str = "评论.csv") -> Csv:
    """A file as a browser sends it."""
    return name, content if isinstance(content, bytes) else content.encode(), "text/csv"


def hidden_key(html: str) -> str:
    """The id that a form was given out with."""
    found = re.search(r'name="key" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def upload(who: SignedIn, path: str, file: Csv | None, **fields: str) -> Any:
    """Post an upload form with its hidden key."""
    if "key" not in fields:
        fields["key"] = hidden_key(who.get(path).text)
    files = {"file": file} if file else {"file": ("", b"", "application/octet-stream")}
    return who.client.post(path, data={"csrf": who.csrf, "purpose": "production", **fields}, files=files)


def read_batch(shipping: Shipping, batch_id: UUID) -> Batch:
    """Run the batch's job as a runner does; the batch as it is then."""
    with shipping.database.read() as session:
        job = session.get_one(Batch, batch_id).ingest_job
    assert job is not None
    assert Execution(shipping.installation, locks_for(shipping.installation)).run(job)
    with shipping.database.read() as session:
        return session.get_one(Batch, batch_id)


def additions_of(shipping: Shipping, batch_id: UUID) -> list[Addition]:
    """A batch's additions, the first one first."""
    with shipping.database.read() as session:
        mine = select(Addition).where(Addition.batch_id == batch_id).order_by(Addition.number)
        return list(session.scalars(mine))


def read_addition(shipping: Shipping, addition_id: UUID) -> Addition:
    """Run the addition's job as a runner does; the addition as it is then."""
    with shipping.database.read() as session:
        job = session.get_one(Addition, addition_id).job_id
    assert job is not None
    assert Execution(shipping.installation, locks_for(shipping.installation)).run(job)
    with shipping.database.read() as session:
        return session.get_one(Addition, addition_id)


def batch_of(answer: Any) -> UUID:
    """The batch that an upload's answer leads to."""
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].rsplit("/", 1)[1])
