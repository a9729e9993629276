"""People and organisations, as the command line and the admin's pages make them."""

import pytest
from sqlalchemy import select

from leye_platform.accounts.errors import (
    EmailRefused,
    LastRole,
    NotToYourself,
    OrganisationDoesNotFit,
    OrganisationMissing,
    OrganisationNameTaken,
    OrganisationNeeded,
    PasswordTooShort,
    PersonMissing,
    RoleHeldAlready,
    RoleUnknown,
    SignInNameTaken,
)
from leye_platform.accounts.models import Credential, Membership, Organisation, SignInSession
from leye_platform.accounts.passwords import is_password
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role
from leye_platform.accounts.service import add_user, issue_token, set_user_password
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.accounts.service.people import NewPerson, add_person, remove_role, set_state
from leye_platform.accounts.sign_in import sign_in
from leye_platform.database import Database
from support.factories import AT


def test_the_first_person_makes_the_operator_and_gets_a_password(database: Database) -> None:
    with database.write() as session:
        person, password = add_user(session, "Admin@Demo.Example", "admin", None, None, AT)
        assert person.email == "admin@demo.example"
        operator = session.scalars(select(Organisation)).one()
        assert (operator.name, operator.kind) == ("乐业", OrganisationKind.OPERATOR)
        credential = session.get_one(Credential, person.id)
        assert is_password(credential.password_hash, password)
        assert not credential.must_change


def test_a_partner_role_makes_the_partner_where_it_is_missing(database: Database) -> None:
    with database.write() as session:
        for email in ("a@demo.example", "b@demo.example"):
            add_user(session, email, "partner-admin", "演示合作企业", "a password", AT)
        partner = session.scalars(select(Organisation)).one()
        assert partner.kind is OrganisationKind.PARTNER


def test_an_annotator_may_belong_to_a_base(database: Database) -> None:
    with database.write() as session:
        person, _ = add_user(session, "a@demo.example", "annotator", "演示基地", "a password", AT, staff_number="0301")
        assert person.staff_number == "0301"
        assert session.scalars(select(Organisation.kind)).one() is OrganisationKind.BASE


def test_a_further_role_keeps_the_person_and_their_password(database: Database) -> None:
    with database.write() as session:
        first, _ = add_user(session, "a@demo.example", "annotator", None, "the first one", AT)
        again, password = add_user(session, "A@demo.example", "reviewer", None, None, AT)
        assert (again.id, password) == (first.id, "")
        assert is_password(session.get_one(Credential, first.id).password_hash, "the first one")
        assert set(session.scalars(select(Membership.role))) == {Role.ANNOTATOR, Role.REVIEWER}


def test_what_cannot_be_added_is_refused_by_a_sentence(database: Database) -> None:
    with database.write() as session:
        add_user(session, "a@demo.example", "annotator", None, "a password", AT)
        create_organisation(session, OrganisationKind.PARTNER, "演示合作企业", AT)
        for email, role, organisation, password, error in (
            ("nobody", "annotator", None, None, EmailRefused),
            ("b@demo.example", "king", None, None, RoleUnknown),
            ("b@demo.example", "annotator", None, "short", PasswordTooShort),
            ("b@demo.example", "partner-qa", None, None, OrganisationNeeded),
            ("b@demo.example", "partner-qa", "乐业", None, OrganisationDoesNotFit),
            ("b@demo.example", "annotator", "演示合作企业", None, OrganisationDoesNotFit),
            ("b@demo.example", "finance", "没有的单位", None, OrganisationMissing),
            ("a@demo.example", "annotator", None, None, RoleHeldAlready),
        ):
            with pytest.raises(error):
                add_user(session, email, role, organisation, password, AT)


def test_a_staff_number_that_is_taken_is_refused_and_nothing_else_is_lost(database: Database) -> None:
    with database.write() as session:
        add_person(session, NewPerson("标注员 01", staff_number="0301"), AT)
        with pytest.raises(SignInNameTaken):
            add_person(session, NewPerson("标注员 02", staff_number="0301"), AT)
        add_person(session, NewPerson("标注员 03", staff_number="0303"), AT)


def test_organisations_have_different_names(database: Database) -> None:
    with database.write() as session:
        create_organisation(session, OrganisationKind.BASE, "演示基地", AT)
        with pytest.raises(OrganisationNameTaken):
            create_organisation(session, OrganisationKind.PARTNER, " 演示基地 ", AT)


def test_a_person_keeps_a_role_and_an_admin_keeps_their_own(database: Database) -> None:
    with database.write() as session:
        admin, _ = add_user(session, "admin@demo.example", "admin", None, "a password", AT)
        add_user(session, "admin@demo.example", "finance", None, None, AT)
        other, _ = add_user(session, "a@demo.example", "annotator", None, "a password", AT)
        roles = {(row.person_id, row.role): row.id for row in session.scalars(select(Membership))}
        with pytest.raises(LastRole):
            remove_role(session, other.id, roles[other.id, Role.ANNOTATOR], admin.id, AT)
        with pytest.raises(NotToYourself):
            remove_role(session, admin.id, roles[admin.id, Role.ADMIN], admin.id, AT)
        with pytest.raises(PersonMissing):
            remove_role(session, other.id, roles[admin.id, Role.FINANCE], admin.id, AT)
        remove_role(session, admin.id, roles[admin.id, Role.FINANCE], admin.id, AT)
        session.flush()
        assert session.scalars(select(Membership.role).where(Membership.person_id == admin.id)).all() == [Role.ADMIN]


def test_who_has_left_is_signed_out_everywhere(database: Database) -> None:
    with database.write() as session:
        admin, _ = add_user(session, "admin@demo.example", "admin", None, "a password", AT)
        left, _ = add_user(session, "a@demo.example", "annotator", None, "a password", AT)
        admin_id, left_id = admin.id, left.id
    sign_in(database, "a@demo.example", "a password", AT)
    with database.write() as session:
        with pytest.raises(NotToYourself):
            set_state(session, admin_id, PersonState.LEFT, admin_id, AT)
        set_state(session, left_id, PersonState.LEFT, admin_id, AT)
        assert session.scalars(select(SignInSession.ended_at)).all() == [AT]


def test_a_token_and_a_new_password_are_given_by_email(database: Database) -> None:
    with database.write() as session:
        person, _ = add_user(session, "a@demo.example", "annotator", None, "a password", AT)
        assert len(issue_token(session, "A@demo.example", "script", AT)) > 40
        password = set_user_password(session, "a@demo.example", None, AT)
        assert is_password(session.get_one(Credential, person.id).password_hash, password)
        with pytest.raises(PersonMissing):
            issue_token(session, "b@demo.example", "script", AT)
        with pytest.raises(PersonMissing):
            set_user_password(session, "b@demo.example", None, AT)
