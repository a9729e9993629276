"""Label Studio's export types on its face: those that fit, and a sentence for the others."""

import csv
import io

from leye_platform.accounts.rules import Role
from support.label_studio import Face, choice


def test_a_decided_task_is_in_every_format_that_fits(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    [task] = admin.imports(project, [{"data": {"text": "=1+1"}}])
    admin.next(project)
    admin.annotates(task, choice("Positive"))
    [row] = csv.DictReader(io.StringIO(admin.export(project, "CSV").content.decode("utf-8-sig")))
    assert (row["id"], row["text"], row["label"], row["lot"]) == (str(task), "'=1+1", "Positive", "")
    [short] = admin.export(project, "JSON_MIN").json()
    assert (short["id"], short["text"], short["label"]) == (task, "=1+1", "Positive")


def test_a_format_without_a_place_for_the_labels_is_refused_before_a_byte_is_sent(face: Face) -> None:
    admin = face.client(Role.ADMIN)
    project = admin.project()
    for kind in ("COCO", "YOLO", "CONLL2003", "PDF"):
        answer = admin.export(project, kind)
        assert 400 <= answer.status_code < 500
        assert kind in answer.json()["detail"]
    listed = {form["name"]: form["disabled"] for form in admin.get(f"/api/projects/{project}/export/formats").json()}
    assert (listed["CSV"], listed["COCO"], listed["ASR_MANIFEST"]) == (False, True, True)
