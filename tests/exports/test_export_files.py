"""Files that are written in the background: the same bytes after any crash, a link, and what was lost."""

import hashlib
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.exports import writing
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rules import ExportState
from leye_platform.exports.service import export_project
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Project
from leye_storage import ObjectStore
from leye_workers.execution import Execution
from leye_workers.locks import locks_for
from support.clock import MovableClock
from support.shipping import Shipped, Shipping


class Killed(BaseException):
    """What kill -9 leaves behind: nothing is caught, nothing is tidied up."""


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PIECE", 300)
    monkeypatch.setattr("leye_platform.exports.format.in_blocks.__defaults__", (100,))


def asked(shipping: Shipping, shipped: Shipped, **body: Any) -> UUID:
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id)
    answer = script.post(f"/api/v1/projects/{shipped.batch.project_id}/exports", json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["url"]) == ("waiting", None)
    return UUID(answer.json()["id"])


def job_of(shipping: Shipping, export_id: UUID) -> UUID:
    with shipping.database.read() as session:
        jobs = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.WRITE_EXPORT))
        return next(job.id for job in jobs if job.arguments == {"export_id": str(export_id)})


def run(shipping: Shipping, export_id: UUID) -> ExportFile:
    execution = Execution(shipping.installation, locks_for(shipping.installation))
    execution.run(job_of(shipping, export_id))
    with shipping.database.read() as session:
        return session.get_one(ExportFile, export_id)


def content(shipping: Shipping, file: ExportFile) -> bytes:
    assert file.key is not None
    return b"".join(shipping.installation.objects.read(file.key))


def test_a_file_is_written_and_given_by_a_signed_link(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    export_id = asked(shipping, shipped, format="csv")
    file = run(shipping, export_id)
    with shipping.database.read() as session:
        direct = b"".join(export_project(session, shipped.batch.project_id, "CSV").chunks())
    assert content(shipping, file) == direct
    script = shipping.script(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    told = script.get(f"/api/v1/exports/{export_id}").json()
    assert (told["state"], told["items"], told["items_total"], told["failed"]) == ("ready", 3, 3, False)
    assert (told["size"], told["sha256"]) == (len(direct), hashlib.sha256(direct).hexdigest())
    assert told["report"] == {"items": 3, "losses": []}
    fetched = script.get(told["url"].partition("http://")[2].partition("/")[2].join(["/", ""]))
    assert fetched.content == direct
    assert "csv-labels-" in fetched.headers["content-disposition"]
    assert [one["id"] for one in script.get(f"/api/v1/projects/{told['project']}/exports").json()] == [str(export_id)]


class DyingStore:
    """An object store in whose n-th `put` the process dies: before, or right after it."""

    def __init__(self, objects: ObjectStore, puts: int, *, after: bool) -> None:
        self._objects, self._puts, self._after = objects, puts, after
        self.stored: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def put(self, key: str, *given: Any, **more: Any) -> Any:
        if not self._puts and not self._after:
            raise Killed
        stored = self._objects.put(key, *given, **more)
        self.stored.append(key)
        if not self._puts:
            raise Killed
        self._puts -= 1
        return stored


@pytest.mark.parametrize("name", ["JSON", "PARQUET"])
def test_killed_at_every_put_and_run_again_it_ends_with_the_same_bytes(
    shipping: Shipping, small_pieces: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shipped = shipping.shipped(4)
    undisturbed = run(shipping, asked(shipping, shipped, format=name))
    objects = shipping.installation.objects
    pieces = -(-(undisturbed.size or 0) // 300)
    assert pieces > 3
    for puts in range(pieces + 1):
        export_id = asked(shipping, shipped, format=name)
        for after in (False, True):
            dying = DyingStore(objects, puts if not after else 0, after=after)
            object.__setattr__(shipping.installation, "objects", dying)
            with pytest.raises(Killed):
                run(shipping, export_id)
            object.__setattr__(shipping.installation, "objects", objects)
        counting = DyingStore(objects, 10**6, after=True)
        object.__setattr__(shipping.installation, "objects", counting)
        file = run(shipping, export_id)
        object.__setattr__(shipping.installation, "objects", objects)
        assert len(counting.stored) <= pieces + 1 - puts, "pieces that were stored are passed over"
        assert content(shipping, file) == content(shipping, undisturbed)
        assert file.state is ExportState.READY
        assert list(objects.keys(f"exports/{export_id}/pieces/")) == []


def test_it_holds_what_the_partner_held_when_it_was_asked_for(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    with shipping.database.write() as session:
        session.get_one(Project, shipped.batch.project_id).class_names = {"正面": "positive"}
    export_id = asked(shipping, shipped)
    shipping.clock.move(hours=1)
    returned, *_ = shipping.items_of(shipped.lot_id)
    shipping.send_back(shipping.actor(Role.PARTNER_QA, shipped.organisation_id), shipped.lot_id, [returned])
    with shipping.database.write() as session:
        session.get_one(Project, shipped.batch.project_id).class_names = {"正面": "POS"}
    tasks = orjson.loads(content(shipping, run(shipping, export_id)))
    assert len(tasks) == 3
    assert all(b"positive" in orjson.dumps(task) for task in tasks)
    assert len(orjson.loads(content(shipping, run(shipping, asked(shipping, shipped))))) == 2


@pytest.fixture
def two_lots(shipping: Shipping) -> tuple[Shipped, UUID, UUID]:
    """A lot of three, of which one came back and was delivered again with a new one in the second."""
    shipped = shipping.shipped(3)
    shipping.clock.move(hours=1)
    returned, *_ = shipping.items_of(shipped.lot_id)
    shipping.send_back(shipping.actor(Role.PARTNER_QA, shipped.organisation_id), shipped.lot_id, [returned])
    shipping.finish(shipped.author, shipped.batch.project_id, 1)
    return shipped, returned, shipping.cut(shipped.batch.batch_id)


@pytest.mark.parametrize("since", ["L-01", "1", " l-1 ", "id"])
def test_a_delta_holds_what_is_new_or_changed_since_a_lot(
    shipping: Shipping, two_lots: tuple[Shipped, UUID, UUID], since: str
) -> None:
    shipped, returned, second = two_lots
    since = str(shipped.lot_id) if since == "id" else since
    file = run(shipping, asked(shipping, shipped, since=since))
    [task] = orjson.loads(content(shipping, file))
    assert (task["meta"]["item_id"], task["meta"]["lot"]) == (str(returned), "L-02")
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id)
    path = f"/api/v1/projects/{shipped.batch.project_id}/export"
    direct = script.get(path, params={"since": since})
    assert direct.json() == [task]
    assert "since-L-01" in direct.headers["content-disposition"]
    assert len(script.get(path).json()) == 3
    assert script.get(path, params={"since": str(second)}).json() == []


def test_a_lot_that_is_not_there_or_anothers_is_refused_with_a_sentence(shipping: Shipping) -> None:
    shipped, other = shipping.shipped(1), shipping.shipped(1)
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id)
    path = f"/api/v1/projects/{shipped.batch.project_id}"
    for since in ("L-07", "soon", str(other.lot_id), "9" * 12):
        for answer in (
            script.get(f"{path}/export", params={"since": since}),
            script.post(f"{path}/exports", json={"since": since}),
        ):
            assert answer.status_code == 422
            assert "L-01" in answer.json()["title"]
    for body in ({"format": "COCO"}, {"format": "PDF"}):
        assert script.post(f"{path}/exports", json=body).status_code == 422
        assert script.get(f"{path}/export", params=body).status_code == 422


def test_another_firms_file_is_not_found(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    export_id = asked(shipping, shipped)
    for path in (f"/api/v1/exports/{export_id}", f"/api/v1/projects/{shipped.batch.project_id}/exports"):
        stranger = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipping.firm()).person_id)
        assert stranger.get(path).status_code == 404
        finance = shipping.script(shipping.actor(Role.PARTNER_FINANCE, shipped.organisation_id).person_id)
        assert finance.get(path).status_code == 403


def test_the_formats_that_fit_are_listed_with_what_they_never_hold(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id)
    listed = script.get(f"/api/v1/projects/{shipped.batch.project_id}/export/formats").json()
    assert [form["name"] for form in listed] == ["JSON", "JSON_MIN", "JSONL", "CSV", "TSV", "PARQUET"]
    assert listed[0]["never_holds"] == []
