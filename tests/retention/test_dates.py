"""Content goes by its date, told 14 days before, and never while something is open."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.notices.models import Notice
from leye_platform.notices.rules import NoticeKind
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import DataState
from leye_platform.retention.due import announce_dates, erase_what_is_due
from leye_platform.retention.errors import RetentionOutOfRange
from leye_platform.retention.models import Erasure
from leye_platform.retention.rules import ErasureRule
from leye_platform.retention.service import hold, set_batch_retention, set_project_retention
from support.clock import MovableClock
from support.erasing import Erasing
from support.shipping import Shipping


class Kept(Erasing):
    """A firm whose content has dates."""

    def __init__(self, shipping: Shipping) -> None:
        super().__init__(shipping)
        self.clock = shipping.clock

    def tick(self, **later: float) -> None:
        self.clock.move(**later)
        with self.database.write() as session:
            announce_dates(session, self.clock.now())
            erase_what_is_due(session, self.clock.now())

    def keep(self, batch_id: UUID, days: int | None) -> None:
        with self.database.write() as session:
            batch = session.get_one(Batch, batch_id, with_for_update=True)
            set_batch_retention(session, self.boss, batch, days, self.clock.now())

    def notices(self, kind: NoticeKind) -> list[Notice]:
        with self.database.read() as session:
            mine = select(Notice).where(Notice.person_id == self.boss.person_id, Notice.kind == kind)
            return list(session.scalars(mine.order_by(Notice.id)))


@pytest.fixture
def kept(installation: Installation, clock: MovableClock) -> Kept:
    return Kept(Shipping(installation, clock))


def test_without_a_period_nothing_ever_goes(kept: Kept) -> None:
    batch_id = kept.settled().batch.batch_id
    kept.tick(days=4000)
    assert kept.batch(batch_id).data_state is DataState.KEPT
    assert kept.notices(NoticeKind.DATA_WILL_GO) == []


def test_content_goes_on_its_date_and_is_announced_fourteen_days_before(kept: Kept) -> None:
    batch_id = kept.settled().batch.batch_id
    settled_at = kept.clock.now()
    kept.keep(batch_id, 30)
    kept.tick(days=15)
    assert kept.batch(batch_id).erase_at is None
    kept.tick(days=1)
    assert kept.batch(batch_id).erase_at == settled_at + timedelta(days=30)
    [notice] = kept.notices(NoticeKind.DATA_WILL_GO)
    assert notice.address == f"/batches/{batch_id}/data"
    kept.tick(days=13)
    assert kept.batch(batch_id).data_state is DataState.KEPT
    kept.tick(days=1)
    assert kept.batch(batch_id).data_state is DataState.ERASING
    with kept.database.read() as session:
        erasure = session.scalars(select(Erasure).where(Erasure.batch_id == batch_id)).one()
    assert (erasure.rule, erasure.retention_days, erasure.asked_by) == (ErasureRule.RETENTION, 30, None)
    assert kept.run(erasure).certificate is not None
    assert len(kept.notices(NoticeKind.DATA_WILL_GO)) == 1
    assert len(kept.notices(NoticeKind.DATA_IS_GONE)) == 1


def test_a_period_that_was_shortened_leaves_fourteen_days_from_then_on(kept: Kept) -> None:
    batch_id = kept.settled().batch.batch_id
    kept.keep(batch_id, 300)
    kept.tick(days=100)
    kept.keep(batch_id, 30)
    kept.tick()
    assert kept.batch(batch_id).erase_at == kept.clock.now() + timedelta(days=14)
    kept.tick(days=13)
    assert kept.batch(batch_id).data_state is DataState.KEPT
    kept.tick(days=1)
    assert kept.batch(batch_id).data_state is DataState.ERASING


def test_a_period_that_was_lengthened_takes_the_announced_date_back(kept: Kept) -> None:
    batch_id = kept.settled().batch.batch_id
    kept.keep(batch_id, 20)
    kept.tick(days=10)
    assert kept.batch(batch_id).erase_at is not None
    kept.keep(batch_id, 60)
    kept.tick(days=20)
    assert (kept.batch(batch_id).erase_at, kept.batch(batch_id).data_state) == (None, DataState.KEPT)
    kept.keep(batch_id, None)
    kept.tick(days=4000)
    assert kept.batch(batch_id).data_state is DataState.KEPT


def test_a_batch_follows_its_project_unless_it_has_a_period_of_its_own(kept: Kept) -> None:
    mine, own = kept.settled().batch, kept.settled().batch
    for batch in (mine, own):
        with kept.database.write() as session:
            project = session.get_one(Project, batch.project_id)
            set_project_retention(session, kept.boss, project, 20, kept.clock.now())
    kept.keep(own.batch_id, None)
    kept.tick(days=10)
    kept.tick(days=14)
    assert kept.batch(mine.batch_id).data_state is DataState.ERASING
    assert kept.batch(own.batch_id).data_state is DataState.KEPT


def test_what_is_open_or_held_on_its_date_stays_and_is_announced_anew(kept: Kept) -> None:
    batch_id = kept.settled().batch.batch_id
    kept.keep(batch_id, 20)
    kept.tick(days=10)
    with kept.database.write() as session:
        hold(session, kept.boss, session.get_one(Batch, batch_id), "法院要", kept.clock.now())
    kept.tick(days=20)
    assert (kept.batch(batch_id).erase_at, kept.batch(batch_id).data_state) == (None, DataState.KEPT)
    unsettled = kept.shipping.shipped(1, firm=kept.firm)
    kept.keep(unsettled.batch.batch_id, 1)
    kept.tick(days=100)
    assert kept.batch(unsettled.batch.batch_id).data_state is DataState.KEPT


def test_the_pages_and_the_api_set_a_period_and_say_what_is_wrong_with_one(kept: Kept) -> None:
    batch = kept.settled().batch
    browser, script = kept.shipping.browser(kept.boss.person_id), kept.shipping.script(kept.boss.person_id)
    path = f"/batches/{batch.batch_id}/retention"
    assert browser.post(path, choice="days", days="x").status_code == 422
    assert "天数要是 1 到 3650 的整数" in browser.post(path, choice="days", days="9999").text
    assert browser.post(path, choice="").status_code == 422
    assert browser.post(path, choice="days", days="90").status_code == 303
    assert "全部验收、开好账单以后，数据再留 90 天。" in browser.get(f"/partner/batches/{batch.batch_id}").text
    told = script.get(f"/api/v1/batches/{batch.batch_id}/data").json()
    assert (told["days"], told["own_days"], told["state"], told["refused"]) == (90, True, "kept", None)
    told = script.put(f"/api/v1/batches/{batch.batch_id}/retention", json={"as_project": True}).json()
    assert (told["days"], told["own_days"]) == (None, False)
    project = f"/projects/{batch.project_id}/retention"
    assert browser.post(project, choice="days", days="0").status_code == 422
    assert browser.post(project, choice="days", days="60").status_code == 303
    assert "数据再留 60 天" in browser.get(f"/partner/projects/{batch.project_id}").text
    assert script.put(f"/api/v1{project}", json={"days": None}).status_code == 204
    assert "数据一直留着" in browser.get(f"/partner/projects/{batch.project_id}").text
    coordinator = kept.shipping.browser(kept.shipping.actor(Role.COORDINATOR).person_id)
    assert coordinator.post(path, choice="asked").status_code == 303
    assert "数据一直留着" in coordinator.get(f"/batches/{batch.batch_id}").text
    with pytest.raises(RetentionOutOfRange):
        kept.keep(batch.batch_id, 5000)
