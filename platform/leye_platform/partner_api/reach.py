"""Things by the integers that clients of Label Studio know them by, within the actor's reach."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, or_, select, true
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Membership
from leye_platform.accounts.rules import PARTNER_ROLES, Role
from leye_platform.actor import Actor
from leye_platform.assignments.core_tables import LEASED, assignments, is_split, items, micro_tasks, projects
from leye_platform.assignments.known_truth import IN_GOLD_ROUND
from leye_platform.assignments.own import Annotator
from leye_platform.partner_api.errors import TaskNotThere
from leye_platform.permissions import Permission
from leye_platform.prepared import Prepared
from leye_platform.projects.errors import ProjectMissing
from leye_platform.projects.models import Batch, Item, PriceCard, Project
from leye_platform.projects.rules import BatchState, DataState
from leye_platform.retention.errors import DataErased

PAID = frozenset({Role.ANNOTATOR, Role.LEADER})


class ProjectAtHand(NamedTuple):
    """What `next` wants to know of a project. lease_elsewhere: a lease of the asker's in another project, of a part
    of an item, or of a decided one that serves as gold: clients of Label Studio know nothing of the first two, and see
    of the last that it is decided.
    """

    id: UUID
    number: int
    organisation_id: UUID
    lease_elsewhere: UUID | None


BY_NUMBER = Prepared(
    select(
        projects.c.id,
        projects.c.number,
        projects.c.organisation_id,
        select(assignments.c.id)
        .where(
            assignments.c.person_id == bindparam("person"),
            assignments.c.state == LEASED,
            or_(
                assignments.c.project_id != projects.c.id,
                is_split(assignments.c.item_id),
                assignments.c.round == IN_GOLD_ROUND,
            ),
        )
        .limit(1)
        .scalar_subquery(),
    ).where(projects.c.number == bindparam("wanted"), projects.c.put_away_at.is_(None))
)


LEASES_ELSEWHERE = Prepared(
    select(assignments.c.id).where(
        assignments.c.person_id == bindparam("person"),
        assignments.c.state == LEASED,
        or_(
            assignments.c.project_id != bindparam("project"),
            is_split(assignments.c.item_id),
            assignments.c.round == IN_GOLD_ROUND,
        ),
    )
)


def annotator_of(actor: Actor) -> Annotator:
    """The person as they label here: a firm's own people, and the office, label for nothing."""
    paid = bool(actor.roles & PAID) and not actor.roles & PARTNER_ROLES and Role.ADMIN not in actor.roles
    return Annotator(actor.person_id, actor.number, paid=paid)


def oversees(actor: Actor) -> bool:
    """Whether lists, others' answers and exports are open to the actor at all."""
    return actor.may(Permission.EXPORT)


def within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """The condition on `projects` that keeps to what the permission reaches."""
    scope = actor.partner_scope(permission)
    return true() if scope is None else Project.organisation_id.in_(scope)


def project_to_label(session: Session, actor: Actor, number: int) -> ProjectAtHand:
    """A project that the actor may ask for a task in.

    Raises ProjectMissing.
    """
    row = BY_NUMBER.first(session, {"wanted": number, "person": actor.person_id})
    scope = actor.partner_scope(Permission.LABEL)
    project = None if row is None else ProjectAtHand(*row)
    if project is None or (scope is not None and project.organisation_id not in scope):
        raise ProjectMissing
    return project


def project_numbered(
    session: Session, actor: Actor, number: int, permission: Permission, *, lock: bool = False
) -> Project:
    """A project by its number, where the permission reaches it.

    Raises ProjectMissing.
    """
    query = select(Project).where(Project.number == number, Project.put_away_at.is_(None), within(actor, permission))
    project = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if project is None:
        raise ProjectMissing
    return project


def project_to_read(session: Session, actor: Actor, number: int) -> Project:
    """A project that the actor oversees, or may label in.

    Raises ProjectMissing.
    """
    if oversees(actor):
        return project_numbered(session, actor, number, Permission.EXPORT)
    project = project_numbered(session, actor, number, Permission.LABEL)
    member = exists().where(
        Membership.person_id == actor.person_id, Membership.organisation_id == project.organisation_id
    )
    offered = exists().where(
        PriceCard.project_id == project.id, Batch.project_id == project.id, Batch.state == BatchState.OPEN
    )
    if not session.scalar(select(or_(member, offered))):
        raise ProjectMissing
    return project


def item_numbered(
    session: Session, actor: Actor, number: int, permission: Permission = Permission.EXPORT
) -> tuple[Item, Project]:
    """A task: any that the permission reaches; for those who only label, what they have had in hand.

    Raises TaskNotThere, DataErased.
    """
    query = (
        select(Item, Project, Batch.data_state)
        .join(Project, Project.id == Item.project_id)
        .join(Batch, Batch.id == Item.batch_id)
        .where(Item.number == number, Project.put_away_at.is_(None))
    )
    if oversees(actor):
        query = query.where(within(actor, permission))
    else:
        had = exists().where(assignments.c.person_id == actor.person_id, assignments.c.item_id == Item.id)
        query = query.where(had)
    row = session.execute(query).first()
    if row is None:
        raise TaskNotThere
    if row[2] is not DataState.KEPT:
        raise DataErased
    return row[0], row[1]


class Held(NamedTuple):
    """An assignment of one's own on a task. past: it belongs to a round that was followed by another."""

    id: UUID
    state: str
    past: bool


HELD = Prepared(
    select(assignments.c.id, assignments.c.state, assignments.c.round < micro_tasks.c.round)
    .join(items, items.c.id == assignments.c.item_id)
    .join(micro_tasks, micro_tasks.c.id == assignments.c.microtask_id)
    .where(items.c.number == bindparam("wanted"), assignments.c.person_id == bindparam("person"), ~is_split(items.c.id))
    .order_by(assignments.c.leased_at.desc())
    .limit(1)
)


def held_by(session: Session, person_id: UUID, number: int) -> Held | None:
    """The person's newest assignment on a task; None where they never had it, or it has parts."""
    row = HELD.first(session, {"wanted": number, "person": person_id})
    return None if row is None else Held(*row)
