"""Projects of Label Studio's clients: whose they are, what they may be, how they end."""

import pytest

from leye_platform.accounts.rules import OrganisationKind, Role
from support.factories import make_organisation
from support.label_studio import CHOICES, Face

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_project_is_made_read_listed_changed_and_put_away(face: Face) -> None:
    partner = face.partner()
    made = partner.post(
        "/api/projects/",
        {"title": "短评", "description": "门店", "label_config": CHOICES, "expert_instruction": "看整条。"},
    )
    assert made.status_code == 201
    project = made.json()
    assert (project["title"], project["maximum_annotations"], project["task_number"]) == ("短评", 1, 0)
    assert project["parsed_label_config"]["label"]["labels"] == ["Positive", "Negative"]
    number = project["id"]
    assert partner.get(f"/api/projects/{number}").json()["expert_instruction"] == "看整条。"
    changed = partner.patch(f"/api/projects/{number}", {"title": "短评 2", "maximum_annotations": 3}).json()
    assert (changed["title"], changed["maximum_annotations"], changed["description"]) == ("短评 2", 3, "门店")
    listed = partner.get("/api/projects").json()
    assert (listed["count"], [one["id"] for one in listed["results"]]) == (1, [number])
    partner.imports(number, [{"text": "好"}])
    assert partner.delete(f"/api/projects/{number}").status_code == 204
    assert partner.get(f"/api/projects/{number}").status_code == 404
    assert partner.get("/api/projects").json()["count"] == 0
    assert partner.next(number).status_code == 404


def test_another_firm_and_annotators_see_none_of_it(face: Face) -> None:
    partner = face.partner()
    number = partner.project()
    [task] = partner.imports(number, [{"text": "好"}])
    with face.database.write() as session:
        next_door = make_organisation(session, OrganisationKind.PARTNER).id
    stranger, annotator = face.client(Role.PARTNER_ADMIN, next_door), face.client(Role.ANNOTATOR)
    for who in (stranger, annotator):
        assert who.get(f"/api/projects/{number}").status_code == 404
        assert who.next(number).status_code == 404
        assert who.get(f"/api/tasks/{task}").status_code == 404
        assert who.export(number).status_code in {403, 404}
        assert who.post(f"/api/tasks/{task}/annotations", {"result": []}).status_code in {403, 404}
    assert stranger.get("/api/projects").json()["results"] == []
    assert stranger.get("/api/tasks").json()["tasks"] == []
    assert annotator.get("/api/projects").status_code == 403


@ON_ONE
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "x"}, None),
        ({"title": "x", "label_config": "<View>"}, "label_config"),
        ({"title": "x", "label_config": "<View><script>1</script></View>"}, "label_config"),
        ({"title": "x", "label_config": '<!DOCTYPE x [<!ENTITY a "b">]><View>&a;</View>'}, "label_config"),
        ({"title": "x" * 300, "label_config": CHOICES}, "title"),
        ({"title": 5, "label_config": CHOICES}, "title"),
        ({"title": "x", "label_config": CHOICES, "maximum_annotations": 0}, "maximum_annotations"),
        ({"title": "x", "label_config": CHOICES, "maximum_annotations": True}, "maximum_annotations"),
        ({"title": "x", "label_config": CHOICES, "maximum_annotations": 10**30}, "maximum_annotations"),
    ],
)
def test_what_cannot_be_a_project_is_named(face: Face, body: dict[str, object], field: str | None) -> None:
    partner = face.partner()
    refused = partner.post("/api/projects", body)
    assert refused.status_code == 400
    if field:
        assert field in refused.json()["validation_errors"]
    assert partner.get("/api/projects").json()["count"] == 0


@ON_ONE
def test_a_label_config_is_tried_and_stays_once_there_are_tasks(face: Face) -> None:
    partner = face.partner()
    number = partner.project()
    assert partner.post(f"/api/projects/{number}/validate", {"label_config": CHOICES}).status_code == 200
    assert partner.post("/api/projects/validate", {"label_config": CHOICES}).status_code == 204
    assert partner.post(f"/api/projects/{number}/validate", {"label_config": "<x/>"}).status_code == 400
    more = CHOICES.replace('<Choice value="Negative"/>', '<Choice value="Negative"/><Choice value="Neutral"/>')
    assert partner.patch(f"/api/projects/{number}", {"label_config": more}).status_code == 200
    partner.imports(number, [{"text": "好"}])
    assert partner.patch(f"/api/projects/{number}", {"label_config": CHOICES}).status_code == 400
    assert "Neutral" in partner.get(f"/api/projects/{number}").json()["label_config"]
    summary = partner.get(f"/api/projects/{number}/summary").json()
    assert summary["common_data_columns"] == ["text"]
