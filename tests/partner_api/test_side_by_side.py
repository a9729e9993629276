"""Imports, answers, withdrawals and exports of one project at the same time: nothing fails, nothing is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from leye_platform.accounts.rules import Role
from support.label_studio import Face, choice

POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ANSWER = {"result": choice("Positive")}


@POSTGRESQL
def test_the_same_person_imports_and_answers_at_once(face: Face) -> None:
    partner = face.partner(Role.PARTNER_ADMIN)
    project = partner.project()
    tasks = partner.imports(project, [{"text": str(number)} for number in range(40)])

    def imports() -> set[int]:
        with_answers = [{"data": {"text": "新"}, "annotations": [ANSWER]} for _ in range(20)]
        return {partner.post(f"/api/projects/{project}/import", with_answers).status_code for _ in range(6)}

    def answers(some: list[int]) -> Callable[[], set[int]]:
        return lambda: {partner.post(f"/api/tasks/{task}/annotations", ANSWER).status_code for task in some}

    def exports() -> set[int]:
        return {partner.export(project).status_code for _ in range(5)}

    deeds = [imports, imports, answers(tasks[:20]), answers(tasks[20:]), answers(tasks[10:30]), exports]
    with ThreadPoolExecutor(len(deeds)) as pool:
        got = set[int]().union(*(running.result() for running in [pool.submit(deed) for deed in deeds]))
    assert got == {200, 201}
    exported = partner.export(project, download_all_tasks=True).json()
    assert len(exported) == 40 + 2 * 6 * 20
    assert all(len(task["annotations"]) == 1 for task in exported)


@POSTGRESQL
def test_a_project_is_put_away_under_the_hands_of_those_who_work(face: Face) -> None:
    partner = face.partner(Role.PARTNER_ADMIN)
    project = partner.project()
    tasks = partner.imports(project, [{"text": str(number)} for number in range(30)])

    def answers(some: list[int]) -> set[int]:
        return {partner.post(f"/api/tasks/{task}/annotations", ANSWER).status_code for task in some}

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(answers, tasks[start::3]) for start in range(3)]
        away = pool.submit(lambda: partner.delete(f"/api/projects/{project}").status_code)
        assert away.result() == 204
        assert set[int]().union(*(one.result() for one in working)) <= {201, 400, 404}
