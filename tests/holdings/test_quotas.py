"""A firm never has more in the store than it may, and what has no room comes in once there is some."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.audit import AuditRecord
from leye_platform.holdings.errors import StorageFull
from leye_platform.holdings.files import settle_claims
from leye_platform.holdings.models import FirmContent, FirmFile, StorageUse
from leye_platform.holdings.quotas import Firm, claim_file, recount, release_files, room_of
from leye_platform.holdings.rules import in_units
from leye_platform.holdings.sweep import look_through
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow
from leye_platform.projects.additions import ask_for_addition, create_addition, store_addition
from leye_platform.projects.ingest import run_addition
from leye_platform.projects.ingest.read_on import ask_to_read_on, run_read_on
from leye_platform.projects.models import Addition, Batch, RefusedRow
from leye_platform.projects.rules import BatchState
from leye_platform.projects.service import upload_key
from support.boxes import PictureBatches, photos
from support.clock import MovableClock
from support.pictures import packed
from support.shipping import Shipping
from support.uploading import batch_of, csv_file, upload

AT_ONCE = 8


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def limit(shipping: Shipping, firm: UUID, size: int | None) -> None:
    with shipping.database.write() as session:
        session.get_one(Organisation, firm).storage_limit = size


def used(shipping: Shipping, firm: UUID) -> int:
    """What the firm uses; the sum must be that of its rows."""
    with shipping.database.read() as session:
        use = session.get(StorageUse, firm)
        assert (use.bytes if use else 0) == recount(session, firm)
        return use.bytes if use else 0


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (1_999_999, "1.99 MB"), (200 * 10**9, "200 GB"), (5 * 10**12, "5 TB")],
)
def test_sizes_are_said_in_the_unit_that_people_use_and_never_rounded_up(size: int, words: str) -> None:
    assert in_units(size) == words


def test_of_eight_uploads_at_once_as_many_get_room_as_there_is_room_for(shipping: Shipping) -> None:
    firm = shipping.firm()
    limit(shipping, firm, 350)
    start, now = Barrier(AT_ONCE), shipping.clock.now()

    def begin(_: int) -> bool:
        subject = new_id()
        start.wait()
        try:
            with shipping.database.write() as session:
                claim_file(session, Firm(firm, 10**9), upload_key(subject), subject, 100, now)
        except StorageFull:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sorted(pool.map(begin, range(AT_ONCE))) == [False] * 5 + [True] * 3
    assert used(shipping, firm) == 300


def test_a_file_that_is_claimed_again_counts_what_it_grew_by_and_one_that_is_released_nothing(
    shipping: Shipping,
) -> None:
    firm, subject, now = shipping.firm(), new_id(), shipping.clock.now()
    for size, counted in ((100, 100), (150, 150), (150, 150), (40, 40)):
        with shipping.database.write() as session:
            claim_file(session, Firm(firm, 200), upload_key(subject), subject, size, now)
        assert used(shipping, firm) == counted
    for _ in range(2):
        with shipping.database.write() as session:
            release_files(session, [upload_key(subject)])
        assert used(shipping, firm) == 0


def test_the_setting_is_the_limit_until_the_administrator_sets_another(shipping: Shipping) -> None:
    firm = shipping.firm()
    admin = shipping.actor(Role.ADMIN)
    browser = shipping.browser(admin.person_id)
    assert "上限 200 GB" in browser.get(f"/admin/organisations/{firm}").text
    assert browser.post(f"/admin/organisations/{firm}", limit="很多").status_code == 422
    assert browser.post(f"/admin/organisations/{firm}", limit="1.5").status_code == 303
    page = browser.get(f"/admin/organisations/{firm}").text
    assert "已用 0 B，上限 1.5 GB，还剩 1.5 GB。" in page
    with shipping.database.read() as session:
        assert room_of(session, Firm(firm, 7)).limit == 1_500_000_000
        deed = session.scalars(select(AuditRecord).where(AuditRecord.action == "organisation.storage")).one()
        assert (deed.person_id, deed.detail) == (admin.person_id, {"bytes": 1_500_000_000})
    assert browser.post(f"/admin/organisations/{firm}", limit="").status_code == 303
    with shipping.database.read() as session:
        assert room_of(session, Firm(firm, 7)).limit == 7


def test_a_form_whose_file_has_no_room_says_how_much_there_is_and_what_to_do(shipping: Shipping) -> None:
    batch = shipping.batch(1)
    firm = shipping.project(batch.project_id).organisation_id
    engineer = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    path, file = f"/partner/projects/{batch.project_id}/upload", csv_file("review\n" + "好\n" * 400)
    limit(shipping, firm, 1000)
    refused = upload(engineer, path, file)
    assert refused.status_code == 422
    assert "存储空间不够：已用 0 B，上限 1 KB，还剩 1 KB，这次要 1.6 KB。" in refused.text
    assert used(shipping, firm) == 0
    limit(shipping, firm, 2000)
    batch_of(upload(engineer, path, file))
    assert used(shipping, firm) == len(file[1])
    assert "已用 1.6 KB，上限 2 KB" in engineer.get("/partner").text


def test_an_upload_in_parts_is_counted_as_announced_and_given_back_when_it_is_given_up(shipping: Shipping) -> None:
    batch = shipping.batch(1)
    firm = shipping.project(batch.project_id).organisation_id
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    limit(shipping, firm, 1000)
    path = f"/api/v1/projects/{batch.project_id}/uploads"
    begun = script.post(path, json={"file_name": "一.csv", "size": 700})
    assert begun.status_code == 201
    assert used(shipping, firm) == 700
    refused = script.post(path, json={"file_name": "二.csv", "size": 700})
    assert (refused.status_code, refused.json()["free_bytes"]) == (409, 300)
    [told] = script.get("/api/v1/storage").json()
    assert (told["used"], told["limit"], told["free"]) == (700, 1000, 300)
    assert script.delete(f"/api/v1/uploads/{begun.json()['id']}").status_code == 204
    assert used(shipping, firm) == 0
    assert script.post(path, json={"file_name": "二.csv", "size": 700}).status_code == 201


def test_a_signed_address_takes_no_more_than_there_is_room_for(shipping: Shipping) -> None:
    batch = shipping.batch(1)
    firm = shipping.project(batch.project_id).organisation_id
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    limit(shipping, firm, 20)
    made = script.post(f"/api/v1/projects/{batch.project_id}/batches", json={"name": "四月"}).json()
    url = made["upload_url"].removeprefix("http://testserver")
    refused = script.put(url, content=b"review\n" + b"x" * 30)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/storage-full")
    assert list(shipping.installation.objects.keys()) == []
    assert script.put(url, content=b"review\nfine\n").status_code == 201
    assert used(shipping, firm) == 12
    assert script.post(f"/api/v1/batches/{made['id']}/ingest").status_code == 202


class Cramped(PictureBatches):
    """Pictures of a firm that has room for few."""

    def __init__(self, shipping: Shipping) -> None:
        super().__init__(shipping)
        self.firm = shipping.project(self.project_id).organisation_id

    def waiting(self, batch_id: UUID) -> int:
        with self.shipping.database.read() as session:
            query = select(func.count()).where(RefusedRow.batch_id == batch_id, RefusedRow.for_room)
            return session.scalar(query) or 0

    def read_on(self, batch_id: UUID) -> None:
        with self.shipping.database.write() as session:
            ask_to_read_on(session, self.coordinator, session.get_one(Batch, batch_id), self.shipping.clock.now())
        run_read_on(self.installation, batch_id)
        with self.shipping.database.write() as session:
            job = session.get_one(OutboxRow, session.get_one(Batch, batch_id).read_on_job)
            job.done_at = self.shipping.clock.now()


@pytest.fixture
def cramped(shipping: Shipping) -> Cramped:
    return Cramped(shipping)


def test_rows_of_a_zip_that_find_no_room_are_named_and_come_in_once_there_is_some(cramped: Cramped) -> None:
    shipping, files = cramped.shipping, photos(6)
    whole = cramped.read(packed(files))
    needed = used(shipping, cramped.firm)
    other = Cramped(shipping)
    limit(shipping, other.firm, needed // 2)
    batch_id = other.read(packed(files))
    batch, waiting = other.batch(batch_id), other.waiting(batch_id)
    assert batch.state is BatchState.READY
    assert 0 < waiting < 6
    assert (batch.rows_in, batch.rows_refused) == (6 - waiting, waiting)
    assert used(shipping, other.firm) <= needed // 2
    [problem, *_] = other.refused(batch_id).values()
    assert problem.startswith("存储空间不够：已用 ")
    page = shipping.browser(other.coordinator.person_id).get(f"/batches/{batch_id}").text
    assert f"{waiting} 行因为空间不够没有收下" in page
    limit(shipping, other.firm, None)
    other.read_on(batch_id)
    batch = other.batch(batch_id)
    assert (batch.rows_in, batch.rows_refused, other.waiting(batch_id)) == (6, 0, 0)
    assert other.items(batch_id) == cramped.items(whole)
    assert used(shipping, other.firm) == needed


def test_a_batch_of_which_nothing_had_room_waits_instead_of_failing(cramped: Cramped) -> None:
    limit(cramped.shipping, cramped.firm, 1)
    batch_id = cramped.read(packed(photos(2)))
    assert cramped.batch(batch_id).state is BatchState.READY
    cramped.read_on(batch_id)
    assert cramped.waiting(batch_id) == 2, "there is no more room than before"
    limit(cramped.shipping, cramped.firm, None)
    cramped.read_on(batch_id)
    assert cramped.batch(batch_id).rows_in == 2


def test_the_same_picture_counts_once_for_a_firm_and_for_each_firm(cramped: Cramped) -> None:
    shipping, content = cramped.shipping, packed(photos(2))
    cramped.read(content)
    once = used(shipping, cramped.firm)
    cramped.read(content)
    assert used(shipping, cramped.firm) == once
    other = Cramped(shipping)
    other.read(content)
    with shipping.database.read() as session:
        hashes = {hashlib.sha256(file).hexdigest() for file in photos(2).values()}
        assert set(session.scalars(select(FirmContent.sha256))) == hashes
        assert session.scalar(select(func.count()).select_from(FirmContent)) == 4
    assert used(shipping, other.firm) == once


def test_what_was_counted_for_what_never_came_is_given_back_after_a_day(shipping: Shipping) -> None:
    firm, subject = shipping.firm(), new_id()
    with shipping.database.write() as session:
        claim_file(session, Firm(firm, 10**9), upload_key(subject), subject, 100, shipping.clock.now())
        session.add(FirmContent(organisation_id=firm, sha256="0" * 64, bytes=7, noted_at=shipping.clock.now()))
        session.get_one(StorageUse, firm).bytes += 7
    settle_claims(shipping.installation)
    assert used(shipping, firm) == 107
    shipping.clock.move(days=2)
    settle_claims(shipping.installation)
    assert used(shipping, firm) == 0


def test_files_from_before_there_was_a_limit_are_counted_by_the_sweep(cramped: Cramped) -> None:
    shipping = cramped.shipping
    shipping.clock.at = datetime.now(UTC)
    batch_id = cramped.read(packed(photos(1)))
    assert used(shipping, cramped.firm) > 0
    look_through(shipping.installation, remove=True)
    with shipping.database.read() as session:
        row = session.get_one(FirmFile, upload_key(batch_id))
        assert row.bytes == shipping.installation.objects.stat(row.key).size


def test_rows_of_an_addition_that_had_no_room_come_in_too(cramped: Cramped) -> None:
    shipping, objects = cramped.shipping, cramped.installation.objects
    batch_id = cramped.read(packed(photos(1)))
    limit(shipping, cramped.firm, used(shipping, cramped.firm))
    with shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        addition = create_addition(session, cramped.coordinator, batch, ["二.zip"], shipping.clock.now())
        addition_id = addition.id
    store_addition(objects, addition_id, 1, BytesIO(packed(photos(2, start=2))), 10**8)
    with shipping.database.write() as session:
        session.get_one(Batch, batch_id, with_for_update=True)
        job = ask_for_addition(
            session, cramped.coordinator, session.get_one(Addition, addition_id), objects, shipping.clock.now()
        ).job_id
    assert job is not None
    run_addition(cramped.installation, job, addition_id)
    assert cramped.waiting(batch_id) == 2
    limit(shipping, cramped.firm, None)
    cramped.read_on(batch_id)
    with shipping.database.read() as session:
        addition = session.get_one(Addition, addition_id)
        assert (addition.rows_in, addition.rows_refused) == (2, 0)
        assert session.get_one(Batch, batch_id).rows_in == 3
