"""People at work, through the services: claim, answer, skip, each in a unit of work of its own."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.assignments.claim import Nothing, claim
from leye_platform.assignments.holding import Claimed
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.models import Assignment
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import InputMode
from leye_platform.assignments.several import Several, claim_several
from leye_platform.assignments.submit import Submission, Submitted, submit
from leye_platform.installation import Installation
from leye_platform.matching.models import SealedKind, SealedRecord
from leye_platform.projects.rules import Pipeline
from support.clock import MovableClock
from support.factories import chosen, make_batch, make_gold, make_items, make_person, make_project


@dataclass(frozen=True)
class OpenBatch:
    """An open batch and its micro-tasks' ids, gold ones apart."""

    batch_id: UUID
    project_id: UUID
    tasks: tuple[UUID, ...]
    gold: tuple[UUID, ...]


class Crowd:
    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        self.database, self.keys, self.clock = installation.database, installation.key_ring, clock

    def batch(
        self,
        items: int,
        *,
        pipeline: Pipeline | None = None,
        gold: int = 0,
        priority: int = 0,
        project_id: UUID | None = None,
        **project: Any,
    ) -> OpenBatch:
        """A new open batch, in a project of its own where none is given."""
        with self.database.write() as session:
            if project_id is None:
                project_id = make_project(session, pipeline, **project).id
            from leye_platform.projects.models import Project  # noqa: PLC0415

            batch = make_batch(session, session.get_one(Project, project_id), priority=priority)
            tasks = make_items(session, batch, items)
            stock = [make_gold(session, batch) for _ in range(gold)]
            return OpenBatch(batch.id, project_id, tuple(task.id for task in tasks), tuple(task.id for task in stock))

    def person(self, preferences: dict[str, Any] | None = None) -> Annotator:
        with self.database.write() as session:
            person = self.person_in(session)
            if preferences is not None:
                session.add(
                    SealedRecord(
                        kind=SealedKind.PREFERENCES,
                        subject_id=person.id,
                        key_id=self.keys.current,
                        ciphertext=self.keys.seal(SealedKind.PREFERENCES, person.id, preferences),
                        updated_at=self.clock.now(),
                    )
                )
            return Annotator(person.id, person.number)

    def person_in(self, session: Session) -> Person:
        return make_person(session)

    def claim(self, who: Annotator, project: UUID | None = None) -> Claimed | Nothing:
        with self.database.write() as session:
            return claim(session, Claimant(who.person_id, self.clock.now(), project), self.keys)

    def claim_several(self, who: Annotator, count: int, project: UUID | None = None) -> Several | Nothing:
        with self.database.write() as session:
            return claim_several(session, Claimant(who.person_id, self.clock.now(), project), self.keys, count)

    def claims_several(self, who: Annotator, count: int, project: UUID | None = None) -> list[UUID]:
        """Claim several where there must be some; all that the person then holds."""
        claimed = self.claim_several(who, count, project)
        assert isinstance(claimed, Several), claimed
        return list(claimed.assignment_ids)

    def project_of(self, assignment: UUID) -> UUID:
        with self.database.read() as session:
            return session.get_one(Assignment, assignment).project_id

    def claims(self, who: Annotator, project: UUID | None = None) -> UUID:
        """Claim where there must be a task; the assignment."""
        claimed = self.claim(who, project)
        assert isinstance(claimed, Claimed), claimed
        return claimed.assignment_id

    def answers(
        self,
        who: Annotator,
        assignment: UUID,
        *labels: str,
        key: str | None = None,
        active_ms: int | None = None,
        input_mode: InputMode | None = None,
        control: str = "sentiment",
    ) -> Submitted:
        result = chosen(*(labels or ("正面",)), control=control)
        given = Submission(result, key or str(assignment), active_ms, input_mode)
        with self.database.write() as session:
            return submit(session, who, assignment, given, key_ring=self.keys, now=self.clock.now())

    def task_of(self, assignment: UUID) -> UUID:
        with self.database.read() as session:
            return session.get_one(Assignment, assignment).microtask_id
