"""What no row names goes after a day, and nothing that somebody names, holds or is about to use."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.holdings import rules, sweep
from leye_platform.holdings.contents import ContentKeeper
from leye_platform.holdings.models import Content, ContentUse, StoreSweep
from leye_platform.holdings.naming import named_ones
from leye_platform.holdings.rules import Kind, Named, named_by
from leye_platform.holdings.sweep import ask_for_sweep, look_through, run_sweep
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Project
from leye_platform.projects.pictures.keeping import folder_of_content, keep_picture
from leye_platform.projects.service import upload_key
from leye_platform.uploads.models import UploadSession
from leye_platform.uploads.rules import UploadKind, UploadState
from leye_platform.uploads.service import NewUpload, add_upload
from leye_storage import open_store
from support.boxes import PictureBatches, photos
from support.clock import MovableClock
from support.factories import make_guide_picture
from support.pictures import packed, photo, written
from support.s3_server import S3Server, s3_server
from support.shipping import Shipping, actor_of


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3"), behind_its_back=False) as server:
        yield server


class Kept:
    """A store whose objects grow older."""

    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        self.installation, self.clock = installation, clock
        self.shipping = Shipping(installation, clock)
        clock.at = datetime.now(clock.at.tzinfo)  # the store's own time is the machine's

    def put(self, key: str, content: bytes = b"x") -> str:
        self.installation.objects.put(key, BytesIO(content), content_type="application/octet-stream")
        return key

    def stored(self) -> set[str]:
        return set(self.installation.objects.keys())

    def age(self, **by: float) -> None:
        """Let all that is there grow older."""
        self.clock.move(**by)


@pytest.fixture
def kept(installation: Installation, clock: MovableClock) -> Kept:
    return Kept(installation, clock)


@pytest.fixture
def kept_in_s3(installation: Installation, clock: MovableClock, s3: S3Server) -> Kept:
    bucket = f"b{uuid4().hex[:12]}"
    url = f"s3://{s3.key}:{s3.secret}@{s3.address}/{bucket}?secure=false"
    objects = open_store(url, secret=installation.secret, base_url="", clock=clock)
    return Kept(replace(installation, objects=objects), clock)


def seeded(kept: Kept) -> tuple[set[str], set[str], set[str]]:
    """Objects that rows name, objects that none does, and objects that the program never made."""
    shipped = kept.shipping.shipped(1)
    named = set(kept.stored()) | {kept.put(upload_key(shipped.batch.batch_id))}
    batches = PictureBatches(kept.shipping)
    batches.read(packed(photos(1)))
    with kept.shipping.database.write() as session:
        make_guide_picture(session, kept.installation.objects, session.get_one(Project, batches.project_id))
    named |= kept.stored()
    orphans = {kept.put(f"{kind}/{uuid4()}/0001") for kind in ("uploads", "additions", "lots", "exports")}
    orphans.add(kept.put(f"listings/{uuid4()}.jsonl"))
    lost = keep_picture(kept.installation.objects, BytesIO(written(photo(60, 40, 77))))
    orphans |= {key for key in kept.stored() if lost.sha256 in key}
    foreign = {kept.put("notes.txt"), kept.put("pictures/by-hand.jpg"), kept.put("uploads/by-hand/0001")}
    return named, orphans, foreign


def test_only_what_no_row_has_named_for_a_day_goes(kept: Kept) -> None:
    check_sweep(kept)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_what_no_row_has_named_for_a_day_goes_from_a_bucket(kept_in_s3: Kept) -> None:
    check_sweep(kept_in_s3)


def check_sweep(kept: Kept) -> None:
    named, orphans, foreign = seeded(kept)
    assert look_through(kept.installation, remove=True).orphans == 0
    assert kept.stored() == named | orphans | foreign
    kept.age(hours=25)
    looked = look_through(kept.installation, remove=False)
    assert (looked.objects, looked.orphans, looked.unknown) == (len(kept.stored()), len(orphans), len(foreign))
    assert set(looked.examples) == orphans
    assert kept.stored() == named | orphans | foreign
    run(kept)
    assert kept.stored() == named | foreign
    with kept.shipping.database.read() as session:
        swept = session.scalars(select(StoreSweep)).one()
        assert (swept.unknown, swept.finished_at) == (len(foreign), kept.clock.now())
    assert look_through(kept.installation, remove=True).orphans == 0


def run(kept: Kept) -> None:
    with kept.shipping.database.write() as session:
        ask_for_sweep(session, kept.clock.now())
        sweep_id = session.scalars(select(StoreSweep.id).order_by(StoreSweep.asked_at.desc())).first()
    assert sweep_id is not None
    run_sweep(kept.installation, sweep_id)


def test_over_another_database_nothing_goes_and_it_is_told(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FEW", 3)
    named = set(kept.stored()) | {kept.put(upload_key(kept.shipping.batch(1).batch_id))}
    lost = {kept.put(f"lots/{uuid4()}/labels.json") for _ in range(4)}
    kept.age(days=2)
    run(kept)
    assert kept.stored() == named | lost
    with kept.shipping.database.read() as session:
        swept = session.scalars(select(StoreSweep)).one()
        assert (swept.held_back, swept.removed) == (4, 0)
    assert look_through(kept.installation, remove=True).orphans == 4, "by a person's own word"


def test_a_sweep_is_asked_for_once_a_day(kept: Kept) -> None:
    for hours, count in ((0, 1), (23, 1), (2, 2)):
        kept.clock.move(hours=hours)
        with kept.shipping.database.write() as session:
            ask_for_sweep(session, kept.clock.now())
        with kept.shipping.database.read() as session:
            asked = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.SWEEP_STORE)).all()
        assert len(asked) == count


def test_a_content_taken_up_again_just_then_stays_or_comes_anew(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep has found it without a row; while it removes, a batch comes with the same picture."""
    content = written(photo(60, 40, 5))
    lost = keep_picture(kept.installation.objects, BytesIO(content))
    kept.age(days=2)
    keeper = ContentKeeper(kept.shipping.database, kept.clock)
    begun, removing = threading.Event(), threading.Event()
    inner = sweep.objects_of_content

    def slowly(*given: object) -> list[str]:
        begun.set()
        removing.wait(0.5)  # the other one is waiting for the row by now
        return inner(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep, "objects_of_content", slowly)

    def take_up() -> None:
        begun.wait(10)
        keep_picture(kept.installation.objects, BytesIO(content), keeper=keeper)

    other = threading.Thread(target=take_up)
    other.start()
    look_through(kept.installation, remove=True)
    other.join(20)
    assert len([key for key in kept.stored() if lost.sha256 in key]) == 4
    monkeypatch.setattr(sweep, "objects_of_content", inner)
    kept.age(hours=2)
    assert look_through(kept.installation, remove=True).orphans == 0, "it is held for a day"


def test_a_content_whose_removal_was_cut_short_is_kept_anew(kept: Kept) -> None:
    content = written(photo(60, 40, 6))
    lost = keep_picture(kept.installation.objects, BytesIO(content))
    folder = folder_of_content(lost.sha256)
    keys = sweep.objects_of_content(kept.installation.objects, lost.sha256)
    assert keys[0] == f"{folder}/facts.json"
    for key in keys[:2]:
        kept.installation.objects.delete(key)
    keep_picture(kept.installation.objects, BytesIO(content))
    assert set(kept.installation.objects.keys(folder + "/")) == set(keys)


def test_reading_a_batch_notes_what_it_shows_and_how_large_it_is(kept: Kept) -> None:
    batches = PictureBatches(kept.shipping)
    batch_id = batches.read(packed(photos(2)))
    with kept.shipping.database.read() as session:
        used = set(session.scalars(select(ContentUse.sha256).where(ContentUse.batch_id == batch_id)))
        sizes = {content.sha256: content.bytes for content in session.scalars(select(Content))}
    assert used == set(sizes)
    for sha256, size in sizes.items():
        listed = kept.installation.objects.listed(folder_of_content(sha256) + "/")
        assert size == sum(one.size for one in listed) > 0


def test_contents_kept_before_anybody_measured_are_measured(kept: Kept) -> None:
    PictureBatches(kept.shipping).read(packed(photos(1)))
    with kept.shipping.database.write() as session:
        content = session.scalars(select(Content)).one()
        right, content.bytes = content.bytes, 0
    kept.age(days=2)
    look_through(kept.installation, remove=True)
    with kept.shipping.database.read() as session:
        assert session.scalars(select(Content.bytes)).one() == right


def test_an_upload_that_nobody_goes_on_with_is_thrown_away(kept: Kept) -> None:
    parts = kept.installation.objects.parts
    project_id = kept.shipping.batch(1).project_id
    alive, left, nobodys = (begin(kept, project_id) for _ in range(3))
    with kept.shipping.database.write() as session:
        session.get_one(UploadSession, left).last_at -= timedelta(days=8)
        session.delete(session.get_one(UploadSession, nobodys))
    run(kept)
    assert len(list(parts.underway())) == 3, "young ones may be of a process that has not said so yet"
    kept.age(days=2)
    run(kept)
    with kept.shipping.database.read() as session:
        assert session.get_one(UploadSession, left).state is UploadState.ABORTED
        assert [one.upload for one in parts.underway()] == [session.get_one(UploadSession, alive).store_upload]


def begin(kept: Kept, project_id: UUID) -> UUID:
    key, subject = f"uploads/{uuid4()}/0001", uuid4()
    upload = kept.installation.objects.parts.begin(key)
    kept.installation.objects.parts.put(key, upload, 1, BytesIO(b"12345"))
    given = NewUpload(UploadKind.BATCH, None, 1, "a.zip", 5, None)
    with kept.shipping.database.write() as session:
        project = session.get_one(Project, project_id)
        actor = actor_of(session, session.get_one(Person, project.created_by))
        row = add_upload(session, actor, project, given, subject_id=subject, store_upload=upload, now=kept.clock.now())
        row.key = key
        return row.id


def test_a_file_that_waits_for_its_form_stays_for_a_week(kept: Kept) -> None:
    upload_id = begin(kept, kept.shipping.batch(1).project_id)
    with kept.shipping.database.write() as session:
        row = session.get_one(UploadSession, upload_id)
        row.state, row.ended_at = UploadState.COMPLETE, kept.clock.now()
        key = kept.put(upload_key(row.subject_id))
    kept.age(days=6)
    assert look_through(kept.installation, remove=True).orphans == 0
    kept.age(days=2)
    look_through(kept.installation, remove=True)
    assert key not in kept.stored()


def test_memory_does_not_grow_with_the_store(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(30):
        kept.put(f"uploads/{uuid4()}/{n:04}")
    kept.age(days=2)
    blocks: list[int] = []

    def counted(session: Session, asked: set[Named], now: datetime) -> set[Named]:
        blocks.append(len(asked))
        return named_ones(session, asked, now)

    monkeypatch.setattr(sweep, "BLOCK", 10)
    monkeypatch.setattr(sweep, "named_ones", counted)
    assert look_through(kept.installation, remove=False).orphans == 30
    assert blocks == [10, 10, 10]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("uploads/018f0000-0000-7000-8000-000000000000/0001", Kind.UPLOADS),
        ("listings/018f0000-0000-7000-8000-000000000000.jsonl", Kind.LISTINGS),
        (f"pictures/ab/ab{'0' * 62}/shown", Kind.PICTURES),
        (f"pictures/cd/ab{'0' * 62}/shown", None),
        ("pictures/ab/short/shown", None),
        ("uploads/no-id/0001", None),
        ("uploads", None),
        ("sounds/018f0000-0000-7000-8000-000000000000/0001", None),
    ],
)
def test_a_key_says_what_would_name_it(key: str, kind: Kind | None) -> None:
    named = named_by(key)
    assert (named.kind if named else None) == kind
