"""Notices: told in the transaction of what happened, sent once each, and never in its way."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import PARTNER_ROLES, PersonState, Role
from leye_platform.accounts.service.passwords import reset_password
from leye_platform.actor import Actor
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.notices import events
from leye_platform.notices.channel import ChannelAway, MaybeSent, PutOff, SendRefused
from leye_platform.notices.errors import NoticeMissing
from leye_platform.notices.models import Delivery, Notice
from leye_platform.notices.queries import inbox_of, lost_mail
from leye_platform.notices.rules import INBOX_WORDS, MOST_TRIES, PLAIN_WORDS, DeliveryState, NoticeKind, kinds_for
from leye_platform.notices.sending import StillWaiting, message_of, send_waiting
from leye_platform.notices.service import announce, ask_for_waiting_mail, choose, open_notice, read_all
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Project
from leye_workers.execution import Execution
from leye_workers.jobs.registry import MAIL_RETRY_AFTER
from leye_workers.locks import locks_for
from support.clock import MovableClock
from support.post_office import post_office
from support.shipping import Shipping

K = NoticeKind


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def told(database: Database, person_id: UUID) -> list[NoticeKind]:
    """The kinds of notices in an inbox, the oldest first."""
    with database.read() as session:
        return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


def in_words(database: Database, person_id: UUID) -> list[str]:
    with database.read() as session:
        rows = session.scalars(select(Notice).where(Notice.person_id == person_id).order_by(Notice.id)).all()
        return [INBOX_WORDS[row.kind].format(**row.arguments) for row in rows]


def by_mail(shipping: Shipping, person_id: UUID, *kinds: NoticeKind) -> None:
    with shipping.database.write() as session:
        choose(session, person_id, dict.fromkeys(kinds, True), shipping.clock.now())


def states(database: Database) -> list[DeliveryState]:
    with database.read() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def jobs(database: Database) -> list[UUID]:
    with database.read() as session:
        return list(session.scalars(select(OutboxRow.id).where(OutboxRow.job == JobName.SEND_MAIL)))


class TestEvents:
    def test_a_lot_is_told_to_those_who_accept_then_to_the_coordinator(self, shipping: Shipping) -> None:
        firm = shipping.firm()
        qa, finance, other = (
            shipping.actor(Role.PARTNER_QA, firm),
            shipping.actor(Role.PARTNER_FINANCE, firm),
            shipping.actor(Role.PARTNER_QA, shipping.firm()),
        )
        shipped = shipping.shipped(3, firm=firm)
        coordinator = shipping.project(shipped.batch.project_id).created_by
        assert told(shipping.database, qa.person_id) == [K.LOT_DELIVERED]
        assert told(shipping.database, finance.person_id) == []
        assert told(shipping.database, other.person_id) == []
        shipping.send_back(qa, shipped.lot_id, shipping.items_of(shipped.lot_id)[:1])
        shipping.accept(shipped.lot_id, qa)
        assert told(shipping.database, coordinator) == [K.LOT_SENT_BACK, K.LOT_ACCEPTED]
        assert "L-01 退回了 1 条" in in_words(shipping.database, coordinator)[0]
        assert told(shipping.database, shipped.author.person_id) == [K.TASK_SENT_BACK]
        shipping.invoice(firm)
        assert told(shipping.database, finance.person_id) == [K.INVOICE_ISSUED]

    def test_a_batch_is_told_to_who_uploaded_it_on_their_own_side(self, shipping: Shipping) -> None:
        firm = shipping.firm()
        engineer = shipping.actor(Role.PARTNER_ENGINEER, firm)
        project_id = shipping.batch(1).project_id
        with shipping.database.write() as session:
            batch = session.scalars(select(Batch)).one()
            batch.created_by = engineer.person_id
            events.batch_was_read(session, batch, shipping.clock.now())
            coordinator = session.get_one(Project, project_id).created_by
            addresses = {
                notice.person_id: notice.address.rpartition("/")[0] for notice in session.scalars(select(Notice))
            }
        assert addresses == {engineer.person_id: "/partner/batches", coordinator: "/batches"}

    def test_a_password_is_told_to_its_owner(self, shipping: Shipping) -> None:
        admin, who = shipping.actor(Role.ADMIN), shipping.actor(Role.ANNOTATOR)
        with shipping.database.write() as session:
            reset_password(session, admin, who.person_id, "x", shipping.clock.now())
        assert told(shipping.database, who.person_id) == [K.PASSWORD_RESET]

    def test_what_is_rolled_back_was_never_told(self, shipping: Shipping) -> None:
        who = shipping.actor(Role.ANNOTATOR)
        with suppress(ZeroDivisionError), shipping.database.write() as session:
            events.password_was_reset(session, who.person_id, shipping.clock.now())
            raise ZeroDivisionError
        assert told(shipping.database, who.person_id) == []

    def test_everybody_is_told_once_and_mailed_where_they_wish_so(self, shipping: Shipping) -> None:
        who = shipping.actor(Role.ANNOTATOR)
        by_mail(shipping, who.person_id, K.GUIDE_CHANGED)
        people = [shipping.actor(Role.ANNOTATOR).person_id for _ in range(3)] + [who.person_id] * 2
        with shipping.database.write() as session:
            assert announce(session, K.GUIDE_CHANGED, people, "/x", shipping.clock.now()) == 4
        assert states(shipping.database) == [DeliveryState.WAITING]


class TestInbox:
    def test_a_notice_is_opened_by_its_owner_alone(self, shipping: Shipping) -> None:
        who, other = shipping.actor(Role.ANNOTATOR), shipping.actor(Role.ANNOTATOR)
        now = shipping.clock.now()
        with shipping.database.write() as session:
            for _ in range(2):
                events.password_was_reset(session, who.person_id, now)
            first = session.scalars(select(Notice.id).order_by(Notice.id)).first()
            assert first is not None
            with pytest.raises(NoticeMissing):
                open_notice(session, other.person_id, first, now)
            assert open_notice(session, who.person_id, first, now) == "/me"
            session.flush()
            assert inbox_of(session, who.person_id, 1).unread == 1
            read_all(session, who.person_id, now)
            assert inbox_of(session, who.person_id, 99).unread == 0

    def test_each_role_is_asked_about_what_can_reach_it(self) -> None:
        assert set(kinds_for({Role.ANNOTATOR})) == {
            K.GUIDE_CHANGED,
            K.TASK_SENT_BACK,
            K.QUESTION_ANSWERED,
            K.PASSWORD_RESET,
        }
        for role in PARTNER_ROLES:
            assert K.JOB_FAILED not in kinds_for({role})
        assert set(NoticeKind) == {kind for role in Role for kind in kinds_for({role})}


class Recorder:
    """A channel that does what it is told: for each address, what it raises."""

    def __init__(self, **answers: Exception) -> None:
        self.answers, self.sent = answers, list[str]()
        self.words = ""

    def send(self, address: str, subject: str, text: str, *, reference: UUID) -> None:
        problem = self.answers.get(address.partition("@")[0])
        if problem is not None:
            raise problem
        self.sent.append(address)
        self.words = subject + text


@pytest.fixture
def waiting(shipping: Shipping) -> list[Actor]:
    """Three people with one mail each on its way."""
    people = [shipping.actor(Role.ADMIN) for _ in range(3)]
    for number, who in enumerate(people):
        by_mail(shipping, who.person_id, K.LOT_ACCEPTED)
        with shipping.database.write() as session:
            session.get_one(Person, who.person_id).email = f"{'abc'[number]}@leye.example"
    with shipping.database.write() as session:
        ids = [who.person_id for who in people]
        announce(session, K.LOT_ACCEPTED, ids, "/lots/1", shipping.clock.now(), told={"project": "机密", "lot": "L-01"})
    return people


class TestSending:
    def test_only_who_wishes_so_gets_mail(self, shipping: Shipping) -> None:
        who = shipping.actor(Role.ANNOTATOR)
        by_mail(shipping, who.person_id, K.GUIDE_CHANGED)
        with shipping.database.write() as session:
            events.password_was_reset(session, who.person_id, shipping.clock.now())
        assert states(shipping.database) == []
        assert jobs(shipping.database) == []

    def test_mail_says_what_happened_and_where_and_nothing_more(self, shipping: Shipping, waiting: list[Actor]) -> None:
        channel = Recorder()
        assert send_waiting(shipping.installation, jobs(shipping.database)[0], channel) == 3
        assert "一个交付批验收了" in channel.words
        assert "http://testserver/lots/1" in channel.words
        assert "机密" not in channel.words
        assert states(shipping.database) == [DeliveryState.SENT] * 3

    def test_no_plain_sentence_has_a_place_for_data(self) -> None:
        assert set(PLAIN_WORDS) == set(INBOX_WORDS) == set(NoticeKind)
        for kind in NoticeKind:
            subject, text = message_of(kind, "/x", "https://leye.example", str)
            assert "{" not in subject + text

    def test_it_is_sent_once_whatever_is_run_again(self, shipping: Shipping, waiting: list[Actor]) -> None:
        channel, job = Recorder(), jobs(shipping.database)[0]
        for _ in range(3):
            send_waiting(shipping.installation, job, channel)
        assert sorted(channel.sent) == ["a@leye.example", "b@leye.example", "c@leye.example"]

    def test_a_run_that_died_in_the_middle_sends_nothing_twice(self, shipping: Shipping, waiting: list[Actor]) -> None:
        class Killed(BaseException):
            """Stands for the end of the process."""

        job = jobs(shipping.database)[0]
        with pytest.raises(Killed):
            send_waiting(shipping.installation, job, Recorder(a=Killed()))  # type: ignore[arg-type]
        channel = Recorder()
        send_waiting(shipping.installation, job, channel)
        assert sorted(channel.sent) == ["b@leye.example", "c@leye.example"]
        assert sorted(states(shipping.database)) == [DeliveryState.SENT, DeliveryState.SENT, DeliveryState.UNSURE]

    def test_a_server_that_is_away_leaves_all_waiting(self, shipping: Shipping, waiting: list[Actor]) -> None:
        job = jobs(shipping.database)[0]
        with pytest.raises(ChannelAway):
            send_waiting(shipping.installation, job, Recorder(a=ChannelAway("down")))
        assert states(shipping.database) == [DeliveryState.WAITING] * 3
        assert send_waiting(shipping.installation, job, Recorder()) == 3

    def test_each_message_has_its_own_fate(self, shipping: Shipping, waiting: list[Actor]) -> None:
        job = jobs(shipping.database)[0]
        channel = Recorder(a=SendRefused("550"), b=PutOff("451"), c=MaybeSent("gone"))
        with pytest.raises(StillWaiting):
            send_waiting(shipping.installation, job, channel)
        assert sorted(states(shipping.database)) == [DeliveryState.REFUSED, DeliveryState.UNSURE, DeliveryState.WAITING]
        for _ in range(MOST_TRIES - 2):
            with pytest.raises(StillWaiting):
                send_waiting(shipping.installation, job, channel)
        assert send_waiting(shipping.installation, job, channel) == 0
        assert states(shipping.database).count(DeliveryState.REFUSED) == 2
        with shipping.database.read() as session:
            assert len(lost_mail(session, shipping.clock.now())) == 3

    def test_who_has_left_or_has_no_address_gets_none(self, shipping: Shipping, waiting: list[Actor]) -> None:
        with shipping.database.write() as session:
            session.get_one(Person, waiting[0].person_id).state = PersonState.LEFT
            session.get_one(Person, waiting[1].person_id).email = None
        channel = Recorder()
        assert send_waiting(shipping.installation, jobs(shipping.database)[0], channel) == 1

    def test_without_a_mail_server_nothing_waits_for_one(self, shipping: Shipping, waiting: list[Actor]) -> None:
        assert send_waiting(shipping.installation, jobs(shipping.database)[0], None) == 0
        assert states(shipping.database) == [DeliveryState.REFUSED] * 3

    def test_one_job_is_asked_for_however_much_happens(
        self, shipping: Shipping, waiting: list[Actor], clock: MovableClock
    ) -> None:
        with shipping.database.write() as session:
            session.get_one(OutboxRow, jobs(shipping.database)[0]).sent_at = clock.now()
        with shipping.database.write() as session:
            for _ in range(5):
                announce(session, K.LOT_ACCEPTED, [waiting[0].person_id], "/lots/2", clock.now())
            assert ask_for_waiting_mail(session, clock.now()) == 0
        assert len(jobs(shipping.database)) == 1
        assert len(states(shipping.database)) == 8

    def test_what_a_job_has_overlooked_is_found_by_the_ticker(self, shipping: Shipping, waiting: list[Actor]) -> None:
        now = shipping.clock.now()
        with shipping.database.write() as session:
            session.get_one(OutboxRow, jobs(shipping.database)[0]).done_at = now
        with shipping.database.write() as session:
            assert [ask_for_waiting_mail(session, now) for _ in range(2)] == [1, 0]
        with shipping.database.write() as session:
            for row in session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))):
                row.failed_at = now
        with shipping.database.write() as session:
            assert ask_for_waiting_mail(session, now) == 0, "that one is the administrator's to settle"

    def test_a_dead_server_is_tried_for_hours_then_shown_to_the_administrator(
        self, shipping: Shipping, waiting: list[Actor], clock: MovableClock
    ) -> None:
        settings = shipping.installation.settings.model_copy(update={"mail_url": "smtp://127.0.0.1:1?tls=none"})
        installation = replace(shipping.installation, settings=settings)
        execution, job = Execution(installation, locks_for(installation)), jobs(shipping.database)[0]
        for wait in (*MAIL_RETRY_AFTER, timedelta(0)):
            execution.run(job)
            clock.move(seconds=wait.total_seconds())
        with shipping.database.read() as session:
            row = session.get_one(OutboxRow, job)
            assert row.failed_at is not None
            assert "ChannelAway" in (row.problem or "")
        assert told(shipping.database, waiting[0].person_id)[-1] is K.JOB_FAILED

    def test_mail_goes_out_through_a_real_server(self, shipping: Shipping, waiting: list[Actor]) -> None:
        with post_office() as office:
            settings = shipping.installation.settings.model_copy(update={"mail_url": office.url})
            installation = replace(shipping.installation, settings=settings)
            execution, job = Execution(installation, locks_for(installation)), jobs(shipping.database)[0]
            assert [execution.run(job), execution.run(job)] == [True, False]
            assert sorted(office.to()) == ["a@leye.example", "b@leye.example", "c@leye.example"]

    def test_a_job_that_fails_for_good_is_told_to_the_administrators(self, shipping: Shipping) -> None:
        admin = shipping.actor(Role.ADMIN)
        by_mail(shipping, admin.person_id, K.JOB_FAILED)
        with shipping.database.write() as session:
            for job in (JobName.DELIVER_LOT, JobName.SEND_MAIL):
                events.job_failed_for_good(session, job, shipping.clock.now())
            assert session.scalar(select(func.count()).select_from(Delivery)) == 1, "of mail itself, no mail"
        assert told(shipping.database, admin.person_id) == [K.JOB_FAILED] * 2
