"""The pages and the API of who works on what: weight, priority, what is kept for a team."""

from datetime import timedelta

import pytest

from leye_platform.accounts.rules import Role
from leye_platform.audit import AuditRecord
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Project
from leye_platform.teams.models import Team
from support.at_work import words
from support.clock import MovableClock
from support.factories import make_organisation, make_person
from support.shipping import Shipping, SignedIn

on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def signed_in(shipping: Shipping, role: Role) -> SignedIn:
    with shipping.database.write() as session:
        person = make_person(session, role).id
    return shipping.browser(person)


def team_of(shipping: Shipping, name: str = "张掖一组", leader: bool = False) -> tuple[Team, SignedIn | None]:
    with shipping.database.write() as session:
        base = make_organisation(session)
        person = make_person(session, Role.LEADER, base).id if leader else None
        team = Team(organisation_id=base.id, name=name, leader_id=person, created_at=shipping.clock.now())
        session.add(team)
        session.flush()
        session.expunge(team)
    return team, None if person is None else shipping.browser(person)


@on_one_database
def test_the_coordinator_gives_a_project_more_people_and_reads_its_share(shipping: Shipping) -> None:
    batch, other = shipping.batch(items=3), shipping.batch(items=3)
    desk = signed_in(shipping, Role.COORDINATOR)
    here = f"/projects/{batch.project_id}"
    assert f'href="{here}/staffing"' in desk.get(here).text
    assert "现在约占全部人手的 50%" in words(desk.get(f"{here}/staffing").text)
    assert desk.post(f"{here}/weight", weight="8").headers["location"] == f"{here}/staffing?done=weight"
    page = words(desk.get(f"{here}/staffing?done=weight").text)
    assert "改好了。" in page
    assert "现在约占全部人手的 80%" in page
    assert desk.post(f"{here}/weight", weight="0").status_code == 422
    with shipping.database.read() as session:
        assert session.get_one(Project, batch.project_id).weight == 8
        assert session.get_one(Project, other.project_id).weight == 2
        assert [one.action for one in session.query(AuditRecord)] == ["project.weight"]


@on_one_database
def test_a_batchs_priority_is_set_in_words(shipping: Shipping) -> None:
    batch = shipping.batch(items=3)
    desk = signed_in(shipping, Role.COORDINATOR)
    here = f"/batches/{batch.batch_id}"
    assert f'href="{here}/staffing"' in desk.get(here).text
    assert "很急" in desk.get(f"{here}/staffing").text
    desk.post(f"{here}/priority", priority="2")
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch.batch_id).priority == 2
    assert desk.post(f"{here}/priority", priority="9").status_code == 422


@on_one_database
def test_a_batch_is_kept_for_a_team_on_its_page_and_the_leader_sees_it(shipping: Shipping) -> None:
    batch = shipping.batch(items=3)
    desk = signed_in(shipping, Role.COORDINATOR)
    team, leader = team_of(shipping, leader=True)
    assert leader is not None
    here = f"/batches/{batch.batch_id}"
    day = (shipping.clock.now() + timedelta(days=3)).date().isoformat()
    wrong = desk.post(f"{here}/reservation", team="", quota="many", until="")
    assert wrong.status_code == 422
    assert all(f'id="error-{name}"' in wrong.text for name in ("team", "quota", "until"))
    assert desk.post(f"{here}/reservation", team=str(new_id()), quota="5", until=day).status_code == 422
    kept = desk.post(f"{here}/reservation", team=str(team.id), quota="5", until=day)
    assert kept.headers["location"] == f"{here}/staffing?done=kept"
    assert "留给张掖一组：留 5 条，领了 0 条" in words(desk.get(f"{here}/staffing").text)
    assert "张掖一组" in desk.get(f"/projects/{batch.project_id}/staffing").text
    assert "先留给你们小组的" in leader.get(f"/teams/{team.id}").text
    again = desk.post(f"{here}/reservation", team=str(team.id), quota="5", until=day)
    assert again.status_code == 422
    assert "已经留给" in again.text
    assert desk.post(f"{here}/reservation/lift").headers["location"] == f"{here}/staffing?done=lifted"
    assert "先留给你们小组的" not in leader.get(f"/teams/{team.id}").text


@on_one_database
def test_the_api_does_the_same(shipping: Shipping) -> None:
    batch = shipping.batch(items=3)
    team, _ = team_of(shipping)
    with shipping.database.write() as session:
        coordinator = make_person(session, Role.COORDINATOR).id
    client = shipping.script(coordinator)
    project = f"/api/v1/projects/{batch.project_id}"
    assert client.put(f"{project}/weight", json={"weight": 4}).json() == {"weight": 4, "share": 1.0, "reservations": []}
    refused = client.put(f"{project}/weight", json={"weight": 1000})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "weight-refused")
    until = (shipping.clock.now() + timedelta(days=1)).isoformat()
    body = {"team": str(team.id), "quota": 7, "until": until}
    kept = client.put(f"/api/v1/batches/{batch.batch_id}/reservation", json=body)
    assert kept.status_code == 201
    [shown] = kept.json()["reservations"]
    assert (shown["quota"], shown["used"], shown["team_name"]) == (7, 0, "张掖一组")
    assert client.put(f"{project}/reservation", json=body).status_code == 409
    assert client.get(f"{project}/staffing").json() == kept.json()
    assert client.delete(f"/api/v1/batches/{batch.batch_id}/reservation").status_code == 204
    assert client.put(f"{project}/reservation", json=body).status_code == 201
    assert client.delete(f"{project}/reservation").status_code == 204
    assert client.delete(f"{project}/reservation").status_code == 204, "again: nothing more happens"
    assert client.put(f"/api/v1/batches/{batch.batch_id}/priority", json={"priority": 1}).status_code == 204
