"""What happens in each feature, told to those whom it concerns. Called in the transaction in which it happens."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Membership, Person
from leye_platform.accounts.rules import PARTNER_ROLES, PersonState
from leye_platform.billing.models import Invoice
from leye_platform.delivery.models import Lot
from leye_platform.guides.models import GuideQuestion, GuideReading
from leye_platform.notices.rules import NoticeKind
from leye_platform.notices.service import announce
from leye_platform.outbox import JobName
from leye_platform.permissions import Permission, roles_with
from leye_platform.projects.models import Addition, Batch, GuideVersion, Project
from leye_platform.projects.rules import AdditionState, BatchState
from leye_platform.web.formats import local


def batch_was_read(session: Session, batch: Batch, now: datetime) -> None:
    """To whoever uploaded it, and to the project's coordinator: it is ready, or was refused whole."""
    if batch.state is BatchState.FAILED:
        kind, told = NoticeKind.BATCH_REFUSED, {"batch": batch.name}
    else:
        counts = {"rows": f"{batch.rows_in:,}", "refused": f"{batch.rows_refused:,}"}
        kind, told = NoticeKind.BATCH_READ, {"batch": batch.name} | counts
    _tell_of_batch(session, kind, batch, batch.created_by, now, told=told)


def addition_was_read(session: Session, addition: Addition, now: datetime) -> None:
    """To whoever uploaded it, and to the project's coordinator: it has joined its batch, or was not read to its end."""
    batch = session.get_one(Batch, addition.batch_id)
    if addition.state is AdditionState.FAILED:
        kind, told = NoticeKind.ADDITION_REFUSED, {"batch": batch.name}
    else:
        counts = {"rows": f"{addition.rows_in:,}", "refused": f"{addition.rows_refused:,}"}
        kind, told = NoticeKind.ADDITION_READ, {"batch": batch.name} | counts
    _tell_of_batch(session, kind, batch, addition.created_by, now, told=told)


def data_will_go(session: Session, batch: Batch, project: Project, day: datetime, now: datetime) -> None:
    """To the partner's people who decide about it, and to the project's coordinator."""
    people = [*_with(session, Permission.SET_RETENTION, project.organisation_id), project.created_by]
    told = {"batch": batch.name, "day": f"{local(day):%Y-%m-%d}"}
    announce(session, NoticeKind.DATA_WILL_GO, people, f"/batches/{batch.id}/data", now, told=told)


def data_is_gone(session: Session, batch: Batch, asked_by: UUID | None, now: datetime) -> None:
    """To whoever asked, to the partner's people who decide about it, and to the project's coordinator."""
    project = session.get_one(Project, batch.project_id)
    people = [*_with(session, Permission.SET_RETENTION, project.organisation_id), project.created_by]
    people += [asked_by] if asked_by else []
    announce(session, NoticeKind.DATA_IS_GONE, people, f"/batches/{batch.id}/data", now, told={"batch": batch.name})


def lot_was_delivered(session: Session, lot: Lot, now: datetime) -> None:
    """To the partner's people who accept."""
    people = _with(session, Permission.SETTLE_LOT, lot.organisation_id)
    announce(session, NoticeKind.LOT_DELIVERED, people, f"/partner/lots/{lot.id}", now, told=_about(session, lot))


def lot_was_accepted(session: Session, lot: Lot, now: datetime) -> None:
    """To the project's coordinator."""
    project = session.get_one(Project, lot.project_id)
    announce(session, NoticeKind.LOT_ACCEPTED, [project.created_by], f"/lots/{lot.id}", now, told=_about(session, lot))


def lot_was_sent_back(session: Session, lot: Lot, count: int, now: datetime) -> None:
    """To the project's coordinator: some of its items, or all."""
    project, told = session.get_one(Project, lot.project_id), _about(session, lot) | {"count": f"{count:,}"}
    announce(session, NoticeKind.LOT_SENT_BACK, [project.created_by], f"/lots/{lot.id}", now, told=told)


def invoice_was_issued(session: Session, invoice: Invoice, now: datetime) -> None:
    """To the partner's people who see invoices."""
    people = _with(session, Permission.VIEW_INVOICE, invoice.organisation_id)
    address = f"/partner/invoices/{invoice.id}"
    announce(session, NoticeKind.INVOICE_ISSUED, people, address, now, told={"number": str(invoice.number)})


def guide_was_changed(session: Session, project: Project, guide: GuideVersion, now: datetime) -> None:
    """To everybody who has had a task of the project."""
    readers = session.scalars(
        select(GuideReading.person_id)
        .join(Person, Person.id == GuideReading.person_id)
        .where(GuideReading.project_id == project.id, Person.state == PersonState.ACTIVE)
        .distinct()
    ).all()
    told = {"project": project.title, "version": guide.version}
    announce(session, NoticeKind.GUIDE_CHANGED, readers, f"/guides/{project.id}/changes", now, told=told)


def tasks_were_sent_back(session: Session, authors: Iterable[tuple[UUID, UUID]], now: datetime) -> None:
    """To each author, once a project. authors: (person, project) for each micro-task kept for its author."""
    for (person_id, project_id), count in Counter(authors).items():
        told = {"project": session.get_one(Project, project_id).title, "count": f"{count:,}"}
        announce(session, NoticeKind.TASK_SENT_BACK, [person_id], "/work", now, told=told)


def question_was_asked(session: Session, question: GuideQuestion, now: datetime) -> None:
    """To the project's coordinator."""
    project = session.get_one(Project, question.project_id)
    address = f"/projects/{project.id}/guide#q-{question.id}"
    announce(session, NoticeKind.QUESTION_ASKED, [project.created_by], address, now, told={"project": project.title})


def question_was_answered(session: Session, question: GuideQuestion, now: datetime) -> None:
    """To whoever asked."""
    project = session.get_one(Project, question.project_id)
    announce(
        session,
        NoticeKind.QUESTION_ANSWERED,
        [question.asked_by],
        f"/guides/{project.id}",
        now,
        told={"project": project.title},
    )


def job_failed_for_good(session: Session, job: JobName, now: datetime) -> None:
    """To the administrators; where mail itself has failed, on the site alone."""
    outside = job is not JobName.SEND_MAIL
    people = _with(session, Permission.ADMINISTER)
    announce(session, NoticeKind.JOB_FAILED, people, "/admin", now, outside=outside)


def password_was_reset(session: Session, person_id: UUID, now: datetime) -> None:
    """To the owner."""
    announce(session, NoticeKind.PASSWORD_RESET, [person_id], "/me", now)


def _tell_of_batch(
    session: Session, kind: NoticeKind, batch: Batch, uploader: UUID, now: datetime, *, told: dict[str, str]
) -> None:
    people = dict.fromkeys((uploader, session.get_one(Project, batch.project_id).created_by))
    partners = _of_partners(session, people)
    for person_id in people:
        side = "/partner" if person_id in partners else ""
        announce(session, kind, [person_id], f"{side}/batches/{batch.id}", now, told=told)


def _about(session: Session, lot: Lot) -> dict[str, str]:
    return {"project": session.get_one(Project, lot.project_id).title, "lot": f"L-{lot.sequence:02}"}


def _with(session: Session, permission: Permission, organisation_id: UUID | None = None) -> list[UUID]:
    """Active people who hold a permission, in an organisation where one is named."""
    query = (
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.role.in_(roles_with(permission)), Person.state == PersonState.ACTIVE)
        .distinct()
    )
    if organisation_id is not None:
        query = query.where(Membership.organisation_id == organisation_id)
    return list(session.scalars(query))


def _of_partners(session: Session, people: Iterable[UUID]) -> set[UUID]:
    """Those who belong to a firm that gives work, and to nobody else."""
    standing = select(Membership.person_id, Membership.role).where(Membership.person_id.in_(list(people)))
    rows = session.execute(standing).all()
    staff = {person_id for person_id, role in rows if role not in PARTNER_ROLES}
    return {person_id for person_id, _ in rows} - staff
