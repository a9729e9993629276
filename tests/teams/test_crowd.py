"""The crowd's list: how many people it is."""

from leye_platform.accounts.models import Membership
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role
from leye_platform.database import Database
from leye_platform.teams.queries import crowd_page
from support.clock import MovableClock
from support.factories import make_organisation, make_person


def test_everybody_of_the_crowd_is_counted_once_and_who_has_left_not_at_all(
    database: Database, clock: MovableClock
) -> None:
    with database.write() as session:
        bases = [make_organisation(session, OrganisationKind.BASE).id for _ in range(2)]
        everywhere, reviewer, gone, finance = (make_person(session, Role.FINANCE) for _ in range(4))
        roles = [
            (everywhere, Role.ANNOTATOR, bases[0]),
            (everywhere, Role.ANNOTATOR, bases[1]),
            (everywhere, Role.LEADER, bases[0]),
            (everywhere, Role.REVIEWER, bases[0]),
            (reviewer, Role.REVIEWER, bases[1]),
            (gone, Role.ANNOTATOR, bases[1]),
            (finance, Role.FINANCE, bases[1]),
        ]
        for person, role, base in roles:
            session.add(Membership(person_id=person.id, organisation_id=base, role=role, created_at=clock.now()))
        gone.state = PersonState.LEFT
    with database.read() as session:
        shown = crowd_page(session, "", 1)
        assert (shown.total, len(shown.people)) == (2, 2)
        assert crowd_page(session, "没有这个人", 1).total == 0
