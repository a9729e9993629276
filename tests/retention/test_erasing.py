"""What was said goes, what money rests on stays, and the certificate tells of both."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Response
from leye_platform.audit import AuditRecord
from leye_platform.billing.books import check_books
from leye_platform.billing.models import LedgerEntry
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.exports.asking import ask_for_export
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rules import ExportState
from leye_platform.exports.writing import write_export_file
from leye_platform.holdings.contents import ContentKeeper
from leye_platform.holdings.models import FirmContent, StorageUse
from leye_platform.holdings.quotas import recount
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Item, MicroTask, Project, RefusedRow
from leye_platform.projects.pictures.keeping import folder_of_content
from leye_platform.projects.rules import BatchState, DataState, ItemState
from leye_platform.projects.service import store_upload
from leye_platform.retention import errors
from leye_platform.retention.certificate import manifest_lines
from leye_platform.retention.content_rows import content_left
from leye_platform.retention.models import Erasure
from leye_platform.retention.proof import prove
from leye_platform.retention.rules import ErasureRule, Fate, ObjectKind, hash_of, manifest_of
from leye_platform.retention.service import hold, lift_hold
from leye_platform.review.models import Decision
from leye_platform.review.refit import refit_project
from leye_storage import open_store
from leye_workers.cli import app
from support.boxes import PictureBatches, photos
from support.clock import MovableClock
from support.erasing import Erasing
from support.factories import make_guide_picture
from support.pictures import packed
from support.s3_server import s3_server
from support.shipping import Shipped, Shipping

ANSWERS = select(Response.number, Response.person_id, Response.pay_micros).order_by(Response.number)


@pytest.fixture
def erasing(installation: Installation, clock: MovableClock) -> Erasing:
    return Erasing(Shipping(installation, clock))


def test_what_was_said_goes_and_what_money_rests_on_stays(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(3), erasing.shipping
    batch_id = shipped.batch.batch_id
    store_upload(shipping.installation.objects, batch_id, 1, BytesIO(b"review\nall of it\n"), 1000)
    with erasing.database.read() as session:
        before = session.execute(ANSWERS).all()
        entries = session.scalar(select(func.count()).select_from(LedgerEntry))
    erasure = erasing.erased(batch_id)
    with erasing.database.read() as session:
        assert session.execute(ANSWERS).all() == before
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == entries
        assert check_books(session) == []
        assert session.scalars(select(Response.result)).all() == [[], [], []]
        assert session.scalars(select(Response.labels)).all() == [[], [], []]
        assert session.scalars(select(Item.data)).all() == [{}, {}, {}]
        assert session.scalars(select(MicroTask.content)).all() == [{}, {}, {}]
        assert session.scalars(select(Decision.result)).all() == [[], [], []]
        assert session.scalars(select(LotItem.result)).all() == [[], [], []]
        assert session.scalars(select(Lot.files)).all() == [{}]
        assert content_left(session, batch_id) == 0
        assert set(session.scalars(select(Item.state))) == {ItemState.ACCEPTED}
    batch = erasing.batch(batch_id)
    assert (batch.data_state, batch.state) == (DataState.ERASED, BatchState.CLOSED)
    assert list(shipping.installation.objects.keys()) == []
    gone = erasing.objects(erasure.id)
    upload = gone[f"uploads/{batch_id}/0001"]
    assert upload.sha256 == hashlib.sha256(b"review\nall of it\n").hexdigest()
    assert (upload.kind, upload.bytes, upload.fate) == (ObjectKind.UPLOAD, 17, Fate.REMOVED)
    assert {row.kind for row in gone.values()} == {ObjectKind.UPLOAD, ObjectKind.LOT}


def test_the_certificate_says_what_went_and_stands_in_the_audit_log(erasing: Erasing) -> None:
    first, second = (erasing.settled(2).batch.batch_id for _ in range(2))
    erasing.erased(first)
    erasure = erasing.erased(second)
    paper = orjson.loads(erasure.certificate or "")
    assert erasure.sha256 == hash_of(erasure.certificate or "")
    assert paper["rows"]["items"] == paper["rows"]["answers"] == 2
    assert paper["rule"] == {"kind": "asked", "retention_days": None}
    assert paper["asked_by"]["name"] == erasing.boss.name
    assert paper["batch"]["id"] == str(second)
    assert paper["kept"] == {"rows_in": 0, "rows_refused": 0, "lots": 1, "invoices": 1}
    with erasing.database.read() as session:
        manifest = manifest_of(manifest_lines(session, erasure.id))
        deeds = session.scalars(select(AuditRecord).where(AuditRecord.action == "erasure.done")).all()
        told = {deed.subject_id: deed.detail["sha256"] for deed in deeds}
        before = session.scalars(select(Erasure).where(Erasure.batch_id == first)).one()
    assert paper["manifest"] == {"lines": manifest.lines, "sha256": manifest.sha256}
    assert told == {first: before.sha256, second: erasure.sha256}
    assert paper["previous"] == before.sha256


def test_the_proof_holds_and_finds_what_lies_there_still(erasing: Erasing) -> None:
    installation = erasing.shipping.installation
    erasure = erasing.erased(erasing.settled().batch.batch_id)
    proof = prove(installation, str(erasure.number))
    assert proof.holds
    assert proof.checked == len(erasing.objects(erasure.id))
    key = next(iter(erasing.objects(erasure.id)))
    installation.objects.put(key, BytesIO(b"x"), content_type="text/plain")
    assert prove(installation, str(erasure.batch_id)).problems == [f"{key} lies in the store still"]
    installation.objects.delete(key)
    with erasing.database.write() as session:
        session.execute(update(Erasure).values(certificate=(erasure.certificate or "").replace("asked", "ASKED", 1)))
    assert not prove(installation, str(erasure.id)).holds
    with pytest.raises(errors.ErasureMissing):
        prove(installation, "77")


def test_run_again_it_changes_nothing_more(erasing: Erasing) -> None:
    from leye_platform.retention.erasing import run_erasure  # noqa: PLC0415

    erasure = erasing.erased(erasing.settled().batch.batch_id)
    run_erasure(erasing.shipping.installation, erasure.id)
    again = erasing.erasure(erasure.id)
    assert (again.certificate, again.finished_at) == (erasure.certificate, erasure.finished_at)


def work_open(erasing: Erasing, shipped: Shipped) -> UUID:
    return erasing.shipping.batch(2, project_id=shipped.batch.project_id).batch_id


def undelivered(erasing: Erasing, shipped: Shipped) -> UUID:
    batch, _ = erasing.shipping.answered(2)
    return batch.batch_id


def unsettled(erasing: Erasing, shipped: Shipped) -> UUID:
    return erasing.shipping.shipped(2, firm=erasing.firm).batch.batch_id


def unbilled(erasing: Erasing, shipped: Shipped) -> UUID:
    lot = erasing.shipping.shipped(2, firm=erasing.firm)
    erasing.shipping.accept(lot.lot_id)
    return lot.batch.batch_id


def in_hand(erasing: Erasing, shipped: Shipped) -> UUID:
    batch = erasing.shipping.batch(2)
    erasing.shipping.claims(erasing.shipping.person(), batch.project_id)
    erasing.cancel(batch.batch_id)
    return batch.batch_id


def held(erasing: Erasing, shipped: Shipped) -> UUID:
    with erasing.database.write() as session:
        hold(
            session,
            erasing.boss,
            session.get_one(Batch, shipped.batch.batch_id),
            "法院要",
            erasing.shipping.clock.now(),
        )
    return shipped.batch.batch_id


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (work_open, errors.WorkStillOpen),
        (undelivered, errors.LotUndelivered),
        (unsettled, errors.LotUnsettled),
        (unbilled, errors.BillOpen),
        (in_hand, errors.TasksInHand),
        (held, errors.DataHeld),
    ],
)
def test_what_is_open_keeps_the_content(
    erasing: Erasing, made: Callable[[Erasing, Shipped], UUID], refused: type[errors.ErasureRefused]
) -> None:
    batch_id = made(erasing, erasing.settled())
    with pytest.raises(refused):
        erasing.ask(batch_id)
    assert erasing.batch(batch_id).data_state is DataState.KEPT


def test_a_hold_that_was_lifted_keeps_nothing_and_the_name_must_be_typed(erasing: Erasing) -> None:
    shipped = erasing.settled()
    batch_id = held(erasing, shipped)
    with erasing.database.write() as session:
        lift_hold(session, erasing.boss, session.get_one(Batch, batch_id), erasing.shipping.clock.now())
    with pytest.raises(errors.NameNotTyped):
        erasing.ask(batch_id, typed="第 0 批")
    erasing.erased(batch_id)
    with pytest.raises(errors.ErasureUnderway):
        erasing.ask(batch_id)


REFUSED = (
    "UPDATE responses SET result = '[]'",
    "UPDATE responses SET result = '[]', labels = '[]', as_sent = NULL, pay_micros = 1",
    "UPDATE responses SET result = '[1]', labels = '[]', as_sent = NULL",
    "UPDATE responses SET result = '[]', labels = '[]', as_sent = '[]'",
    "UPDATE responses SET result = '[]', labels = '[]', as_sent = NULL, idempotency_key = 'x'",
    "DELETE FROM responses",
)
ERASING = "UPDATE responses SET result = '[]', labels = '[]', as_sent = NULL"


@pytest.mark.parametrize("statement", REFUSED)
def test_even_while_it_is_erased_the_database_refuses_every_other_change_of_an_answer(
    erasing: Erasing, statement: str
) -> None:
    erasing.ask(erasing.settled().batch.batch_id)
    with pytest.raises(DBAPIError, match="never changed or removed"), erasing.database.write() as session:
        session.execute(text(statement))
    with erasing.database.write() as session:
        session.execute(text(ERASING))


@pytest.mark.parametrize("state", [DataState.KEPT, DataState.ERASED])
def test_an_answer_of_a_batch_that_is_not_being_erased_never_changes(erasing: Erasing, state: DataState) -> None:
    shipped = erasing.settled()
    with erasing.database.write() as session:
        session.get_one(Batch, shipped.batch.batch_id).data_state = state
    with pytest.raises(DBAPIError, match="never changed or removed"), erasing.database.write() as session:
        session.execute(text(ERASING))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_guard_of_sqlite_names_every_column_of_an_answer(erasing: Erasing) -> None:
    with erasing.database.read() as session:
        guard = session.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'responses_no_update'"))
    excepted = {"result", "labels", "as_sent"}
    for column in Response.__table__.columns:
        assert f"NEW.{column.name} " in guard
        assert (f"NEW.{column.name} IS OLD.{column.name}" in guard) is (column.name not in excepted)


def test_pictures_go_but_those_that_another_batch_or_a_guide_shows(
    erasing: Erasing, installation: Installation
) -> None:
    batches = PictureBatches(erasing.shipping)
    files = photos(4)
    one, other = dict(list(files.items())[:3]), dict(list(files.items())[2:])
    mine, theirs = batches.read(packed(one)), batches.read(packed(other))
    with erasing.database.write() as session:
        make_guide_picture(session, installation.objects, session.get_one(Project, batches.project_id))
    for batch_id in (mine, theirs):
        erasing.cancel(batch_id)
    erasure = erasing.erased(mine)
    rows = {row.sha256: row for key, row in erasing.objects(erasure.id).items() if key.startswith("pictures/")}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in one.items()}
    assert {name: rows[sha256].fate for name, sha256 in hashes.items()} == {
        "p001.jpg": Fate.REMOVED,
        "p002.jpg": Fate.REMOVED,
        "p003.jpg": Fate.SHARED,
    }
    for name, sha256 in hashes.items():
        there = list(installation.objects.keys(f"{folder_of_content(sha256)}/"))
        assert bool(there) is (name == "p003.jpg")
    paper = orjson.loads(erasure.certificate or "")
    assert (paper["objects"]["shared"], paper["stays"][-1]) == (1, "shared")
    assert prove(installation, str(erasure.number)).holds
    with erasing.database.read() as session:
        firm = session.get_one(Project, batches.project_id).organisation_id
        assert set(session.scalars(select(FirmContent.sha256))) == {
            hashlib.sha256(content).hexdigest() for content in other.values()
        }
        assert session.get_one(StorageUse, firm).bytes == recount(session, firm)
    again = batches.read(packed(one))
    assert batches.batch(again).rows_in == 3, "what comes again is stored anew"
    assert prove(installation, str(erasure.number)).came_again == 2


def test_an_export_goes_also_when_it_is_written_only_afterwards(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(), erasing.shipping
    with erasing.database.write() as session:
        project = session.get_one(Project, shipped.batch.project_id)
        asked = [
            ask_for_export(session, erasing.boss, project, format_name="JSON", now=shipping.clock.now())
            for _ in range(2)
        ]
        (written, written_by), (waiting, waiting_by) = ((file.id, file.job_id or file.id) for file in asked)
    write_export_file(shipping.installation, written_by, written)
    erasure = erasing.erased(shipped.batch.batch_id)
    write_export_file(shipping.installation, waiting_by, waiting)
    assert list(shipping.installation.objects.keys("exports/")) == []
    with erasing.database.read() as session:
        assert set(session.scalars(select(ExportFile.state))) == {ExportState.ERASED}
    assert ObjectKind.EXPORT in {row.kind for row in erasing.objects(erasure.id).values()}


def test_what_was_measured_of_people_stays_and_says_nothing_of_the_content(erasing: Erasing) -> None:
    shipped = erasing.settled(12)
    erasing.erased(shipped.batch.batch_id)
    with erasing.database.read() as session:
        assert refit_project(session, shipped.batch.project_id) is None


def test_refused_rows_and_names_of_files_go_with_a_batch_that_failed(erasing: Erasing) -> None:
    batches = PictureBatches(erasing.shipping)
    batch_id = batches.read(packed({"a.txt": b"secret"}))
    assert batches.batch(batch_id).state is BatchState.FAILED
    erasure = erasing.erased(batch_id)
    batch = batches.batch(batch_id)
    assert (batch.source_name, batch.problem) == (None, None)
    with erasing.database.read() as session:
        assert session.scalar(select(func.count()).select_from(RefusedRow)) == 0
    assert erasure.rule is ErasureRule.ASKED
    assert Role.PARTNER_ADMIN in erasing.boss.roles


def test_a_picture_that_another_batch_is_reading_in_stays(erasing: Erasing, installation: Installation) -> None:
    batches, content = PictureBatches(erasing.shipping), photos(1)
    mine = batches.read(packed(content))
    erasing.cancel(mine)
    [sha256] = [hashlib.sha256(file).hexdigest() for file in content.values()]
    ContentKeeper(erasing.database, erasing.shipping.clock, new_id()).hold(sha256)
    erasure = erasing.erased(mine)
    assert erasing.objects(erasure.id)[folder_of_content(sha256)].fate is Fate.SHARED
    assert list(installation.objects.keys(f"{folder_of_content(sha256)}/")) != []


def test_objects_in_a_bucket_go_and_are_proven_gone(
    installation: Installation, clock: MovableClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with s3_server(tmp_path_factory.mktemp("s3"), behind_its_back=False) as server:
        url = f"s3://{server.key}:{server.secret}@{server.address}/b{uuid4().hex[:12]}?secure=false"
        objects = open_store(url, secret=installation.secret, base_url="", clock=clock)
        in_s3 = Erasing(Shipping(replace(installation, objects=objects), clock))
        batches = PictureBatches(in_s3.shipping)
        batch_id = batches.read(packed(photos(3)))
        in_s3.cancel(batch_id)
        erasure = in_s3.erased(batch_id)
        assert list(objects.keys()) == []
        proof = prove(in_s3.shipping.installation, str(erasure.number))
        assert (proof.problems, proof.checked) == ([], 4)
        key = next(key for key in in_s3.objects(erasure.id) if key.startswith("uploads/"))
        objects.put(key, BytesIO(b"x"), content_type="text/plain")
        assert prove(in_s3.shipping.installation, str(erasure.number)).problems == [f"{key} lies in the store still"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_command_says_whether_a_certificate_holds(erasing: Erasing, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure = erasing.erased(erasing.settled().batch.batch_id)
    settings = erasing.shipping.installation.settings
    monkeypatch.setenv("LEYE_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("LEYE_DATABASE_URL", erasing.database.url.render_as_string(hide_password=False))
    run = CliRunner()
    held = run.invoke(app, ["store", "proof", str(erasure.number), "--json"])
    assert held.exit_code == 0, held.output
    assert orjson.loads(held.stdout)["holds"] is True
    key = next(iter(erasing.objects(erasure.id)))
    erasing.shipping.installation.objects.put(key, BytesIO(b"x"), content_type="text/plain")
    broken = run.invoke(app, ["store", "proof", str(erasure.id), "--json"])
    assert broken.exit_code == 1
    assert orjson.loads(broken.stdout)["problems"] == [f"{key} lies in the store still"]
