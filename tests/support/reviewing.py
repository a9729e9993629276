"""Answers that nobody can settle but a reviewer, and reviewers at work through the services."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from leye_platform.accounts.models import Membership, Person
from leye_platform.accounts.rules import Role
from leye_platform.actor import Actor
from leye_platform.assignments.own import Annotator
from leye_platform.installation import Installation
from leye_platform.projects.rules import Pipeline
from leye_platform.review import service
from leye_platform.review.models import Review
from leye_platform.review.rules import Reason, Verdict
from leye_platform.review.service import Settlement
from support.clock import MovableClock
from support.crowd import OpenBatch
from support.shipping import Shipping, actor_of

IN_DOUBT = Pipeline(overlap_start=2, overlap_limit=2, confidence=0.999)


class Reviewing(Shipping):
    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        super().__init__(installation, clock)
        self.reviewer = self.actor(Role.REVIEWER)

    def disputed(self, items: int = 1, **project: Any) -> tuple[OpenBatch, Annotator, Annotator]:
        """A batch whose items all wait for review: the first author says 正面, the second 负面."""
        batch = self.batch(items, pipeline=IN_DOUBT, **project)
        first, second = self.person(), self.person()
        for author, label in ((first, "正面"), (second, "负面")):
            for _ in range(items):
                self.answers(author, self.claims(author, batch.project_id), label)
        return batch, first, second

    def also_reviewer(self, person_id: UUID) -> Actor:
        """An annotator, given the reviewer's role as well."""
        with self.database.write() as session:
            [held] = session.scalars(select(Membership).where(Membership.person_id == person_id))
            firm, at = held.organisation_id, held.created_at
            session.add(Membership(person_id=person_id, organisation_id=firm, role=Role.REVIEWER, created_at=at))
            session.flush()
            return actor_of(session, session.get_one(Person, person_id))

    def takes(self, who: Actor | None = None) -> UUID | None:
        """The next review's id, for the usual reviewer or another."""
        with self.database.write() as session:
            review = service.take_next(session, who or self.reviewer, self.clock.now())
            return None if review is None else review.id

    def must_take(self, who: Actor | None = None) -> UUID:
        """As above, where there must be one."""
        review_id = self.takes(who)
        assert review_id is not None
        return review_id

    def settles(
        self,
        review_id: UUID,
        verdict: Verdict,
        reason: Reason | None,
        who: Actor | None = None,
        *,
        comment: str = "",
        chosen: UUID | None = None,
        result: list[dict[str, object]] | None = None,
    ) -> None:
        given = Settlement(verdict, reason, comment, chosen, result)
        with self.database.write() as session:
            service.settle(session, who or self.reviewer, review_id, given, self.clock.now())

    def review(self, review_id: UUID) -> Review:
        with self.database.read() as session:
            return session.get_one(Review, review_id)

    def reviews(self) -> list[Review]:
        with self.database.read() as session:
            return list(session.scalars(select(Review).order_by(Review.opened_at, Review.id)))
