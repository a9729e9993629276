"""What a comparison with Label Studio itself has found: the fields, counts and refusals that its clients rely on."""

import pytest

from leye_platform.accounts.rules import Role
from leye_platform.partner_api import export
from support.label_studio import WORDS, Face, choice
from support.statements import statements_of

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TASKS = [{"data": {"text": f"第 {number} 条"}} for number in range(5)]


@ON_ONE
def test_formats_say_which_of_them_do_not_fit_the_project(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    for config, fits in ((WORDS, True), (None, False)):
        project = admin.project(config) if config else admin.project()
        told = {form["name"]: form["disabled"] for form in admin.get(f"/api/projects/{project}/export/formats").json()}
        assert told["CONLL2003"] is not fits
        assert told["COCO"]
        assert not told["JSON_MIN"]


@ON_ONE
def test_an_unfit_format_is_refused_before_the_first_byte(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    admin.imports(project, TASKS)
    refused = admin.export(project, "COCO")
    assert refused.status_code == 400
    assert "COCO" in refused.json()["detail"]


def test_a_page_of_tasks_tells_the_totals_of_the_whole_project(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    guess = {"predictions": [{"result": choice("Negative"), "score": 0.5}]}
    numbers = admin.imports(project, [*TASKS, {"data": {"text": "另一条"}} | guess])
    for number in numbers[:3]:
        admin.annotates(number, choice("Positive"))
    for page in (1, 2, 3):
        told = admin.get("/api/tasks", project=project, page=page, page_size=2).json()
        assert len(told["tasks"]) == 2
        found = {name: told[name] for name in ("total", "total_annotations", "total_predictions")}
        assert found == {"total": 6, "total_annotations": 3, "total_predictions": 4}, "three decisions and a proposal"
    every = admin.get("/api/tasks", project=project).json()
    assert sum(task["total_predictions"] for task in every["tasks"]) == every["total_predictions"]
    other = admin.project()
    assert admin.get("/api/tasks", project=other).json()["total_annotations"] == 0


@ON_ONE
def test_predictions_are_shown_where_the_client_asks_for_it(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    guess = {"predictions": [{"result": choice("Negative"), "score": 0.5, "model_version": "m"}]}
    for asked in (True, False):
        project = admin.project(show_collab_predictions=asked)
        assert admin.get(f"/api/projects/{project}").json()["show_collab_predictions"] is asked
        admin.imports(project, [{"data": {"text": "一条"}} | guess])
        given = admin.next(project).json()
        assert len(given["predictions"]) == given["total_predictions"] == int(asked)
        assert given["inner_id"] == 1
    changed = admin.patch(f"/api/projects/{project}", {"show_collab_predictions": True})
    assert changed.json()["show_collab_predictions"] is True


def test_the_export_counts_the_regions_and_names_the_project(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project(WORDS)
    first, second = admin.imports(project, [{"data": {"text": "李雷在北京"}}, {"data": {"text": "没有"}}])
    words = [("李雷", 0, 2, "Person"), ("北京", 3, 5, "Place")]
    result = [
        {
            "id": word,
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": start, "end": end, "text": word, "labels": [label]},
        }
        for word, start, end, label in words
    ]
    admin.annotates(first, result)
    admin.annotates(second, [])
    [full], [empty] = (task["annotations"] for task in admin.export(project).json())
    assert (full["result_count"], empty["result_count"]) == (2, 0)
    assert full["project"] == project
    assert full["updated_by"] == full["completed_by"] == admin.number


@ON_ONE
def test_a_task_shows_its_answers_at_a_glance(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    guess = {"predictions": [{"result": choice("Negative"), "score": 0.5, "model_version": "m"}]}
    [number] = admin.imports(project, [{"data": {"text": "一条"}} | guess])
    before = admin.get(f"/api/tasks/{number}").json()
    assert (before["annotators"], before["annotations_ids"], before["completed_at"]) == ([], "", None)
    assert (before["predictions_score"], before["predictions_model_versions"]) == (0.5, "m")
    annotation = admin.annotates(number, choice("Positive"))
    after = admin.get(f"/api/tasks/{number}").json()
    assert (after["annotators"], after["annotations_ids"]) == ([admin.number], str(annotation))
    assert after["completed_at"] == after["annotations"][0]["created_at"]
    assert after["predictions_model_versions"] == "m,leye-consensus"


def test_few_answers_among_many_tasks_are_all_exported(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    admin = face.client(Role.ADMIN)
    project = admin.project()
    numbers = admin.imports(project, [{"data": {"text": f"第 {number} 条"}} for number in range(9)])
    answered = [numbers[0], numbers[4], numbers[5], numbers[8]]
    for number in answered:
        admin.annotates(number, choice("Positive"))
    assert [task["id"] for task in admin.export(project).json()] == answered
    assert [task["id"] for task in admin.export(project, download_all_tasks=True).json()] == numbers


@ON_ONE
def test_the_export_walks_along_the_projects_tasks_and_looks_answers_up(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    admin.imports(project, TASKS)
    with statements_of(face.database) as statements:
        admin.export(project)
    [(asked, values)] = [one for one in statements.seen if "micro_tasks_1" in one[0]]
    with face.database.read() as session:
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)]
    assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step], plan
    assert "SEARCH items USING INDEX ix_items_project_id_number (project_id=? AND number>?)" in plan
