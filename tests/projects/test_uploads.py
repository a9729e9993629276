"""Uploads by form: stored, read, shown; sent twice they make one batch, and what cannot be taken leaves nothing."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import BatchState
from leye_platform.projects.service import upload_key
from support.clock import MovableClock
from support.shipping import Shipping, SignedIn
from support.uploading import Csv, batch_of, csv_file, hidden_key, read_batch, upload

ROWS = "review,external_id\n很好,1\n坏\n不错,2\n"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def small(installation: Installation, clock: MovableClock) -> Shipping:
    """An installation that takes files of one megabyte."""
    settings = installation.settings.model_copy(update={"upload_limit_mb": 1})
    return Shipping(replace(installation, settings=settings), clock)


@pytest.fixture
def coordinator(shipping: Shipping) -> SignedIn:
    return shipping.browser(shipping.actor(Role.COORDINATOR).person_id)


def test_a_file_uploaded_by_form_is_read_opened_and_shown(shipping: Shipping, coordinator: SignedIn) -> None:
    project_id = shipping.batch(1).project_id
    path = f"/projects/{project_id}/batches/new"
    batch_id = batch_of(upload(coordinator, path, csv_file(ROWS), name="", deadline="2026-03-09"))
    page = coordinator.get(f"/batches/{batch_id}").text
    assert 'data-state="loading"' in page
    assert "排着队，等着读文件" in page
    batch = read_batch(shipping, batch_id)
    assert (batch.name, batch.source_name, batch.state) == ("评论", "评论.csv", BatchState.READY)
    assert batch.deadline is not None
    assert batch.deadline.isoformat() == "2026-03-09T10:00:00+00:00"
    page = coordinator.get(f"/batches/{batch_id}").text
    assert 'data-state="ready"' in page
    for said in (
        "收下 2 条，还没有开始",
        "成本和毛利",
        "这一行有 1 列，表头有 2 列",
        f"/api/v1/batches/{batch_id}/report",
    ):
        assert said in page
    assert coordinator.post(f"/batches/{batch_id}/open").status_code == 303
    assert "已完成 0 条，共 2 条" in coordinator.get(f"/batches/{batch_id}").text


def test_an_upload_sent_twice_makes_one_batch(shipping: Shipping, coordinator: SignedIn) -> None:
    project_id = shipping.batch(1).project_id
    path = f"/projects/{project_id}/batches/new"
    key = hidden_key(coordinator.get(path).text)
    first, second = (batch_of(upload(coordinator, path, csv_file(ROWS), key=key)) for _ in range(2))
    assert first == second
    # The key of another project's batch never leads to that one, and never writes over its file.
    other = shipping.batch(1).project_id
    third = batch_of(upload(coordinator, f"/projects/{other}/batches/new", csv_file("review\n别的\n"), key=key))
    assert third != first
    assert read_batch(shipping, first).rows_in == 2


@pytest.mark.parametrize(
    ("file", "fields", "field", "said"),
    [
        (None, {}, "file", "请选一个 Excel"),
        (csv_file(b""), {}, "file", "是空的"),
        (csv_file(b" \n\t"), {}, "file", "是空的"),
        (csv_file(b"\xd0\xcf\x11\xe0x", "表<b>.xls"), {}, "file", "表&lt;b&gt;.xls"),
        (csv_file("review\n好\n".encode("utf-16")), {}, "file", "UTF-16"),
        (csv_file(b"x" * 1_000_001), {}, "file", "最多 1 MB"),
        (csv_file(ROWS), {"deadline": "2026-03-01"}, "deadline", "已经过去"),
        (csv_file(ROWS), {"deadline": "明天"}, "deadline", "不是日期"),
        (csv_file(ROWS), {"purpose": "fun"}, "purpose", "请选试标或正式"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_upload_that_cannot_be_taken_is_told_at_its_field_and_leaves_nothing(
    small: Shipping, file: Csv | None, fields: dict[str, str], field: str, said: str
) -> None:
    coordinator = small.browser(small.actor(Role.COORDINATOR).person_id)
    project_id = small.batch(1).project_id
    answer = upload(coordinator, f"/projects/{project_id}/batches/new", file, name="三月 & 四月", **fields)
    assert answer.status_code == 422
    told = re.search(rf'id="error-{field}">(.*?)</p>', answer.text, re.DOTALL)
    assert told is not None
    assert said in told[1]
    assert 'value="三月 &amp; 四月"' in answer.text
    with small.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 1
    assert list(small.installation.objects.keys()) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_far_beyond_the_limit_is_refused_in_a_sentence(small: Shipping) -> None:
    coordinator = small.browser(small.actor(Role.COORDINATOR).person_id)
    project_id = small.batch(1).project_id
    answer = upload(coordinator, f"/projects/{project_id}/batches/new", csv_file(b"x" * 5_000_000))
    assert answer.status_code == 413
    assert "文件太大，最多 1 MB" in answer.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_a_store_took_uncounted_is_refused_before_it_is_read(small: Shipping) -> None:
    """As an S3 store does: a signed address says nothing about size there."""
    script = small.script(small.actor(Role.COORDINATOR).person_id)
    body = {"name": "a", "file_name": "a.csv"}
    batch_id = script.post(f"/api/v1/projects/{small.batch(1).project_id}/batches", json=body).json()["id"]
    objects = small.installation.objects
    objects.put(upload_key(UUID(batch_id)), BytesIO(b"x" * 1_000_001), content_type="text/csv")
    refused = script.post(f"/api/v1/batches/{batch_id}/ingest")
    assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
    assert script.get(f"/api/v1/batches/{batch_id}").json()["state"] == "uploading"
    objects.put(upload_key(UUID(batch_id)), BytesIO(b"x" * 1_000_000), content_type="text/csv")
    assert script.post(f"/api/v1/batches/{batch_id}/ingest").status_code == 202


def test_a_store_that_does_not_answer_is_told_and_leaves_no_batch(
    shipping: Shipping, coordinator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: Any, **_more: Any) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(type(shipping.installation.objects), "put", away)
    project_id = shipping.batch(1).project_id
    answer = upload(coordinator, f"/projects/{project_id}/batches/new", csv_file(ROWS))
    assert answer.status_code == 503
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 1
