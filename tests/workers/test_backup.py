"""Backup and restore: taken while people work, whole or not at all, on both kinds of database and across them."""

import io
import tarfile
import threading
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation, Person
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.billing.models import LedgerEntry, Posting
from leye_platform.billing.rules import EntryKind
from leye_platform.database import Database
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.matching.models import SealedKind, SealedRecord
from leye_platform.migrate import current_revision, newest_revision
from leye_platform.projects.models import Batch, Item
from leye_platform.settings import Settings
from leye_platform.tables import METADATA
from leye_workers.backup.archive import new_backup
from leye_workers.backup.make import make_backup, ring_text
from leye_workers.backup.refusals import BackupExists, NotABackup, NotEmpty
from leye_workers.backup.restore import restore_backup
from leye_workers.compose import SEALING_FILE, SECRET_FILE, compose
from leye_workers.key_rotation import rotate_keys
from leye_workers.refusals import CommandRefused
from support.factories import AT, make_batch, make_items, make_project
from support.servers import ServersInUse


@pytest.fixture
def worked(installation: Installation) -> Installation:
    """An installation with a batch, entries of the books, objects and a sealed record."""
    with installation.database.write() as session:
        project = make_project(session, title="引号“”与表情 🙂")
        batch = make_batch(session, project)
        make_items(session, batch, 30)
        item = session.scalars(sa.select(Item).order_by(Item.number)).first()
        assert item is not None
        accept_reverse_accept(session, item, AT)
        person = session.scalars(sa.select(Person)).first()
        assert person is not None
        sealed = installation.key_ring.seal("preferences", person.id, {"input": "switch"})
        session.add(
            SealedRecord(
                kind=SealedKind.PREFERENCES, subject_id=person.id, key_id="k1", ciphertext=sealed, updated_at=AT
            )
        )
    installation.objects.put("uploads/a/0001", io.BytesIO("评论,😀\n".encode()), content_type="text/csv")
    installation.objects.put("lots/b/empty", io.BytesIO(b""), content_type="text/csv")
    return installation


def accept_reverse_accept(session: Session, item: Item, at: datetime) -> None:
    """The order of events that the guards of the books check as they happen."""
    first = enter(session, EntryKind.ACCEPTANCE, item, at, sequence=1)
    enter(session, EntryKind.REVERSAL, item, at, reverses=first)
    enter(session, EntryKind.ACCEPTANCE, item, at, sequence=2)


def enter(
    session: Session,
    kind: EntryKind,
    item: Item,
    at: datetime,
    *,
    sequence: int | None = None,
    reverses: LedgerEntry | None = None,
) -> LedgerEntry:
    entry = LedgerEntry(
        id=new_id(),
        kind=kind,
        idempotency_key=f"{kind.value}:{item.id}:{sequence or 'r'}",
        occurred_at=at,
        currency="CNY",
        description="测试",
        item_id=item.id,
        acceptance_sequence=sequence,
        reverses_id=reverses.id if reverses else None,
    )
    for account, amount in (("Assets:A", 300_000), ("Income:B", -300_000)):
        session.add(Posting(entry_id=entry.id, account=account, amount_micros=amount))
    session.flush()
    session.add(entry)
    session.flush()
    return entry


@pytest.fixture(params=["into sqlite", "into postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, servers: ServersInUse) -> Iterator[Settings]:
    """Settings of an installation that does not exist yet."""
    if request.param == "into sqlite":
        yield Settings(data_dir=tmp_path / "restored")
        return
    with servers.fresh_database() as url:
        yield Settings(data_dir=tmp_path / "restored", database_url=url)


def rows_of(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in METADATA.sorted_tables
        }


def test_a_restore_gives_back_every_row_object_and_key(worked: Installation, empty: Settings, tmp_path: Path) -> None:
    make_backup(worked, tmp_path / "b.tar.gz")
    restore_backup(empty, tmp_path / "b.tar.gz")
    restored = compose(empty)
    try:
        assert rows_of(restored.database) == rows_of(worked.database)
        assert list(restored.objects.keys()) == ["lots/b/empty", "uploads/a/0001"]
        assert b"".join(restored.objects.read("uploads/a/0001")) == "评论,😀\n".encode()
        assert restored.secret == worked.secret
        assert restored.key_ring == worked.key_ring
    finally:
        restored.database.close()


def post_lopsided(database: Database) -> None:
    """An entry whose postings do not sum to zero."""
    entry_id = new_id()
    entry = LedgerEntry(
        id=entry_id,
        kind=EntryKind.REVERSAL,
        idempotency_key="x",
        occurred_at=AT,
        currency="CNY",
        description="",
    )
    with database.write() as session:
        session.add(Posting(entry_id=entry_id, account="Assets:A", amount_micros=1))
        session.flush()
        session.add(entry)


def test_work_goes_on_after_a_restore(worked: Installation, empty: Settings, tmp_path: Path) -> None:
    make_backup(worked, tmp_path / "b.tar")
    restore_backup(empty, tmp_path / "b.tar")
    restored = compose(empty)
    try:
        with restored.database.write() as session:
            batch = session.scalars(sa.select(Batch)).one()
            make_items(session, batch, 1, start=30)
            numbers = session.scalars(sa.select(Item.number)).all()
        assert len(set(numbers)) == 31, "numbers go on after those that were restored"
        with pytest.raises(sa.exc.DBAPIError, match="never changed"), restored.database.write() as session:
            session.execute(sa.update(Posting).values(amount_micros=0))
        with pytest.raises(sa.exc.DBAPIError, match="balance"):
            post_lopsided(restored.database)
    finally:
        restored.database.close()


def test_a_backup_taken_while_people_work_is_of_one_moment(
    worked: Installation, empty: Settings, tmp_path: Path
) -> None:
    done, written = threading.Event(), 0

    def work() -> None:
        nonlocal written
        with worked.database.read() as session:
            batch = session.scalars(sa.select(Batch)).one()
        while not done.is_set():
            with worked.database.write() as session:
                make_items(session, batch, 1, start=1000 + written)
            written += 1

    writer = threading.Thread(target=work)
    writer.start()
    try:
        manifests = [make_backup(worked, tmp_path / f"b{n}.tar.gz") for n in range(2)]
    finally:
        done.set()
        writer.join()
    assert written > 0
    assert manifests[0].rows["items"] == manifests[0].rows["micro_tasks"]
    assert manifests[1].rows["items"] == manifests[1].rows["micro_tasks"]
    restore_backup(empty, tmp_path / "b1.tar.gz")


def test_the_file_is_private_and_is_not_overwritten(worked: Installation, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    make_backup(worked, path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupExists):
        make_backup(worked, path)
    assert [found.name for found in tmp_path.glob("*b.tar.gz*")] == ["b.tar.gz"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = content.index("味道".encode())
    content[at] ^= 1
    path.write_bytes(content)


def be_no_tar(path: Path) -> None:
    path.write_text("item,label\n1,a\n")


def be_empty(path: Path) -> None:
    path.write_bytes(b"")


def lack_the_end(path: Path) -> None:
    with tarfile.open(path) as tar:
        kept = [(info, tar.extractfile(info)) for info in tar.getmembers()[:3]]
        with tarfile.open(path.with_suffix(".part"), "w") as part:
            for info, content in kept:
                part.addfile(info, content)
    path.with_suffix(".part").replace(path)


@pytest.mark.parametrize("harm", [cut, change_a_byte, be_no_tar, be_empty, lack_the_end])
def test_a_damaged_file_changes_nothing(worked: Installation, tmp_path: Path, harm: object) -> None:
    make_backup(worked, tmp_path / "b.tar")
    assert callable(harm)
    harm(tmp_path / "b.tar")
    with pytest.raises(NotABackup):
        restore_backup(Settings(data_dir=tmp_path / "restored"), tmp_path / "b.tar")
    assert not (tmp_path / "restored").exists()


def test_a_restore_goes_into_an_empty_folder_only(worked: Installation, tmp_path: Path) -> None:
    make_backup(worked, tmp_path / "b.tar")
    taken = Settings(data_dir=tmp_path / "taken")
    taken.data_dir.mkdir()
    (taken.data_dir / "mine.txt").write_text("keep me")
    with pytest.raises(NotEmpty, match=r"mine\.txt"):
        restore_backup(taken, tmp_path / "b.tar")
    assert [path.name for path in taken.data_dir.iterdir()] == ["mine.txt"]


def test_a_restore_goes_into_an_empty_database_only(worked: Installation, tmp_path: Path) -> None:
    make_backup(worked, tmp_path / "b.tar")
    url = worked.database.url.render_as_string(hide_password=False)
    before = rows_of(worked.database)
    with pytest.raises(NotEmpty, match="the database has rows"):
        restore_backup(Settings(data_dir=tmp_path / "restored", database_url=url), tmp_path / "b.tar")
    assert rows_of(worked.database) == before


def test_a_restore_that_fails_in_the_middle_can_be_tried_again(
    worked: Installation, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(worked, tmp_path / "b.tar")

    def full_disk(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("leye_workers.backup.restore.read_rows", full_disk)
        with pytest.raises(OSError, match="No space"):
            restore_backup(empty, tmp_path / "b.tar")
    assert list(empty.data_dir.iterdir()) == []
    restore_backup(empty, tmp_path / "b.tar")


def test_an_old_schema_is_not_saved(worked: Installation, tmp_path: Path) -> None:
    with worked.database.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(CommandRefused, match="leye migrate"):
        make_backup(worked, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_a_backup_of_the_first_schema_is_restored_and_upgraded(
    worked: Installation, empty: Settings, tmp_path: Path
) -> None:
    organisation = {"id": str(new_id()), "number": 7, "kind": "partner", "name": "远山仓配", "currency": "CNY"}
    organisation |= {"time_zone": "Asia/Shanghai", "created_at": "2026-01-05T00:00:00+00:00"}
    members = {
        "database/organisations.jsonl": orjson.dumps(organisation) + b"\n",
        f"keys/{SECRET_FILE}": worked.secret.encode(),
        f"keys/{SEALING_FILE}": ring_text(worked.key_ring).encode(),
    }

    def write(name: str, file: IO[bytes]) -> None:
        file.write(members[name])

    with new_backup(tmp_path / "b.tar") as writer:
        for name in members:
            writer.add(name, partial(write, name))
        writer.finish(made_at="2026-01-05", database="sqlite", revision="0001", rows={"organisations": 1})
    restore_backup(empty, tmp_path / "b.tar")
    restored = compose(empty)
    try:
        with restored.database.write() as session:
            assert current_revision(session.connection()) == newest_revision()
            session.add(Organisation(kind=OrganisationKind.BASE, name="南山基地", created_at=AT))
        with restored.database.read() as session:
            numbers = session.execute(sa.select(Organisation.name, Organisation.number).order_by(Organisation.number))
            assert [tuple(row) for row in numbers] == [("远山仓配", 7), ("南山基地", 8)]
    finally:
        restored.database.close()


def test_rotating_keys_seals_everything_anew(worked: Installation, empty: Settings, tmp_path: Path) -> None:
    make_backup(worked, tmp_path / "b.tar")
    restore_backup(empty, tmp_path / "b.tar")
    restored = compose(empty)
    try:
        assert rotate_keys(restored) == ("k2", 1)
        with restored.database.read() as session:
            record = session.scalars(sa.select(SealedRecord)).one()
    finally:
        restored.database.close()
    assert record.key_id == "k2"
    ring = compose(empty).key_ring
    assert ring.open("preferences", record.subject_id, "k2", record.ciphertext) == {"input": "switch"}
    assert (empty.data_dir / "sealing.keys").stat().st_mode & 0o777 == 0o600
