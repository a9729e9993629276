"""A partner's script with Label Studio's own client, unchanged; runs under the oracle's Python, against either server.

Usage: partner.py URL TOKEN FOLDER. Leaves FOLDER/calls.json (each call with what was answered) and
FOLDER/JOB/FORMAT (each export as it came).
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx
from jobs import HASTY, JOBS, MODEL, Result
from label_studio_sdk.client import LabelStudio
from label_studio_sdk.core.api_error import ApiError

PAGE_SIZE = 2
"""Fewer than there are tasks, so that the client turns pages."""


class Partner:
    """One partner at one server. Every call is recorded under the name of the step that made it."""

    def __init__(self, url: str, token: str, folder: Path) -> None:
        self.calls: list[dict[str, Any]] = []
        self.folder, self.step = folder, ""
        hooks = {"response": [self._record]}
        http = httpx.Client(timeout=60, follow_redirects=True, event_hooks=hooks, trust_env=False)
        self.client = LabelStudio(base_url=url, api_key=token, httpx_client=http)

    def _record(self, response: httpx.Response) -> None:
        body = response.read()
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        path = re.sub(r"\d+", "N", response.request.url.path).rstrip("/")
        call = {"step": self.step, "call": f"{response.request.method} {path}", "status": response.status_code}
        self.calls.append(call | {"told": told})

    def begin(self, job: str, step: str) -> None:
        """What is called from here on belongs to this step."""
        self.step = f"{job}: {step}"

    def sign_in(self) -> None:
        """Who am I, and what is this?"""
        self.begin("all", "sign in")
        self.client.users.whoami()
        self.client.versions.get()

    def work(self, job: str) -> None:
        """One project from its creation to its end."""
        config, tasks = JOBS[job]
        project = self.make(job, config)
        numbers = self.bring(job, project, tasks)
        self.look(job, project, numbers)
        self.label(job, project, dict(zip(numbers, (result for _, result in tasks), strict=True)))
        self.export(job, project)
        self.put_away(job, project)

    def make(self, job: str, config: str) -> int:
        """A project, made, read, listed, changed and asked about its config."""
        self.begin(job, "create")
        made = self.client.projects.create(
            title=f"job {job}", label_config=config, maximum_annotations=1, show_collab_predictions=True
        )
        self.begin(job, "read")
        assert self.client.projects.get(id=made.id).label_config == config
        self.begin(job, "list")
        assert made.id in [project.id for project in self.client.projects.list(page_size=PAGE_SIZE)]
        self.begin(job, "change")
        self.client.projects.update(id=made.id, title=f"job {job}, second title")
        self.begin(job, "validate")
        self.client.projects.validate_label_config(id=made.id, label_config=config)
        self.begin(job, "validate what is wrong")
        self.refused(lambda: self.client.projects.validate_label_config(id=made.id, label_config="<View><Choices"))
        return made.id

    def bring(self, job: str, project: int, tasks: list[tuple[dict[str, Any], Result]]) -> list[int]:
        """Tasks: with an annotation, with a prediction, alone, and alone by another call."""
        (answered, result), (guessed, guess), (plain, _), *_ = tasks
        self.begin(job, "import")
        told = self.client.projects.import_tasks(
            id=project,
            request=[
                {"data": answered, "annotations": [{"result": result}]},
                {"data": guessed, "predictions": [{"result": guess, "score": 0.75, "model_version": MODEL}]},
            ],
            return_task_ids=True,
        )
        self.begin(job, "import what is wrong")
        self.refused(lambda: self.client.projects.import_tasks(id=project, request=[{"data": {"other": "x"}}]))
        self.begin(job, "create task")
        one = self.client.tasks.create(project=project, data=plain)
        self.begin(job, "predict")
        self.client.predictions.create(task=one.id, result=guess if job != "words" else [], score=0.5)
        return [*told.task_ids, one.id]

    def look(self, job: str, project: int, numbers: list[int]) -> None:
        """Tasks page by page, and one of them."""
        self.begin(job, "list tasks")
        seen = [task.id for task in self.client.tasks.list(project=project, page_size=PAGE_SIZE, fields="all")]
        assert sorted(seen) == sorted(numbers), seen
        self.begin(job, "read task")
        self.client.tasks.get(id=str(numbers[1]))
        self.begin(job, "read what is not there")
        self.refused(lambda: self.client.tasks.get(id="999999999"))
        self.begin(job, "list predictions")
        self.client.predictions.list(task=numbers[1])

    def label(self, job: str, project: int, results: dict[int, Result]) -> None:
        """Answer what `next` gives until it gives none; the client has no word for `next`."""
        for _ in results:
            self.begin(job, "next")
            given = self.get(f"api/projects/{project}/next")
            if given.status_code == httpx.codes.NOT_FOUND:
                break
            task = given.json()["id"]
            self.begin(job, "annotate")
            made = self.client.annotations.create(id=task, result=HASTY[job], lead_time=1.5)
            self.begin(job, "correct annotation")
            assert self.client.annotations.update(id=made.id, result=results[task]).id == made.id
            self.begin(job, "read annotation")
            assert self.client.annotations.get(id=made.id).result == results[task]
            self.begin(job, "same annotation again")
            self.client.annotations.update(id=made.id, result=results[task])
            self.begin(job, "list annotations")
            assert [one.id for one in self.client.annotations.list(id=task)] == [made.id]
        self.begin(job, "list done")
        for task in self.client.tasks.list(project=project, page_size=PAGE_SIZE, fields="all"):
            assert [one["result"] for one in task.annotations] == [results[task.id]], task

    def export(self, job: str, project: int) -> None:
        """Every format that the server names for the project."""
        self.begin(job, "formats")
        answer = self.get(f"api/projects/{project}/export/formats")
        folder = self.folder / job
        folder.mkdir(parents=True)
        self.begin(job, "export")
        rows = self.client.projects.exports.as_json(project)
        (folder / "JSON").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        for form in answer.json():
            if not form.get("disabled") and form["name"] != "JSON":
                (folder / form["name"]).write_bytes(self.client.projects.exports.as_binary(project, form["name"]))

    def put_away(self, job: str, project: int) -> None:
        """Delete the project, and see that it is gone."""
        self.begin(job, "delete")
        self.client.projects.delete(id=project)
        self.begin(job, "read what is deleted")
        self.refused(lambda: self.client.projects.get(id=project))

    def get(self, path: str) -> Any:
        """What the client has no method for, by its own connection."""
        return self.client._client_wrapper.httpx_client.request(path, method="GET")

    def refused(self, call: Any) -> None:
        """A call that the server must refuse."""
        try:
            call()
        except ApiError:
            return
        raise AssertionError(f"{self.step}: it was not refused")


def main() -> None:
    url, token, out = sys.argv[1:]
    folder = Path(out)
    partner = Partner(url, token, folder)
    try:
        partner.sign_in()
        for job in JOBS:
            partner.work(job)
    finally:
        (folder / "calls.json").write_text(json.dumps(partner.calls, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
