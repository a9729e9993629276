"""After an erasure everybody who asks is told so in a sentence; what else there is of the project is still given."""

import hashlib
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.models import Assignment, Response
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, Project
from support.clock import MovableClock
from support.erasing import Erasing
from support.shipping import Shipped, Shipping

GONE = "数据已经按约定删除"


@pytest.fixture
def erasing(installation: Installation, clock: MovableClock) -> Erasing:
    return Erasing(Shipping(installation, clock))


def numbers(erasing: Erasing, shipped: Shipped) -> tuple[int, int, int]:
    """Of the project, of a task, of an annotation, as clients of Label Studio know them."""
    with erasing.database.read() as session:
        project = session.get_one(Project, shipped.batch.project_id).number
        task = session.scalars(select(Item.number).where(Item.batch_id == shipped.batch.batch_id)).first() or 0
        answer = session.scalars(select(Response.number)).first() or 0
        return project, task, answer


def test_label_studios_clients_are_told_that_the_content_is_gone(erasing: Erasing) -> None:
    shipped = erasing.settled(2)
    project, task, annotation = numbers(erasing, shipped)
    client = erasing.shipping.script(erasing.boss.person_id)
    assert client.get(f"/api/projects/{project}/export").json() != []
    erasing.erased(shipped.batch.batch_id)
    for path in (f"/api/tasks/{task}", f"/api/projects/{project}/export", f"/api/predictions/{2 * task + 1}"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["status_code"]) == (400, 400), path
        assert GONE in answer.json()["detail"]
    assert client.patch(f"/api/tasks/{task}", json={"data": {"review": "x"}}).status_code == 400
    assert client.get(f"/api/annotations/{annotation}").status_code == 404
    assert client.get(f"/api/tasks?project={project}").json()["tasks"] == []
    assert client.get(f"/api/projects/{project}").json()["task_number"] == 0


def test_exports_leave_out_what_was_erased_and_say_so_where_nothing_is_left(erasing: Erasing) -> None:
    shipped = erasing.settled(2)
    client, project = erasing.shipping.script(erasing.boss.person_id), shipped.batch.project_id
    erasing.erased(shipped.batch.batch_id)
    asked = (
        client.get(f"/api/v1/projects/{project}/export"),
        client.get(f"/api/v1/lots/{shipped.lot_id}/export"),
        client.get(f"/api/v1/lots/{shipped.lot_id}/quality.html"),
        client.get(f"/api/v1/batches/{shipped.batch.batch_id}/report"),
        client.get(f"/api/v1/batches/{shipped.batch.batch_id}/originals"),
        client.post(f"/api/v1/projects/{project}/exports", json={"format": "JSON"}),
    )
    for answer in asked:
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/data-erased")
        assert GONE in answer.json()["title"]
    assert client.get(f"/api/v1/lots/{shipped.lot_id}").json()["files"] == []
    again = erasing.shipping.batch(1, project_id=project)
    erasing.shipping.finish(erasing.shipping.person(), project, 1)
    erasing.shipping.cut(again.batch_id)
    rest = client.get(f"/api/v1/projects/{project}/export")
    assert (len(rest.json()), rest.headers["Leye-Erased-Lots"]) == (1, "1")
    assert client.post(f"/api/v1/projects/{project}/exports", json={"format": "JSON"}).status_code == 201


def test_pages_of_partner_and_office_show_what_is_left(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(2), erasing.shipping
    script = shipping.script(erasing.boss.person_id)
    asked = script.post(f"/api/v1/projects/{shipped.batch.project_id}/exports", json={"format": "JSON"}).json()
    erasing.erased(shipped.batch.batch_id)
    boss, office = shipping.browser(erasing.boss.person_id), shipping.browser(shipping.actor(Role.ADMIN).person_id)
    batch = shipped.batch.batch_id
    for browser, path in (
        (boss, f"/partner/batches/{batch}"),
        (boss, f"/partner/lots/{shipped.lot_id}"),
        (boss, f"/partner/projects/{shipped.batch.project_id}"),
        (boss, f"/partner/projects/{shipped.batch.project_id}/exports"),
        (boss, "/partner"),
        (office, f"/batches/{batch}"),
        (office, f"/lots/{shipped.lot_id}"),
        (office, f"/projects/{shipped.batch.project_id}"),
        (office, "/admin/audit"),
    ):
        assert browser.get(path).status_code == 200, path
    assert script.get(f"/api/v1/exports/{asked['id']}").json()["state"] == "erased"
    assert "数据已经删除，有证明。" in boss.get(f"/partner/batches/{batch}").text
    page = boss.get(f"/batches/{batch}/data").text
    assert "删除证明" in page
    assert "D-000001" in page


def test_an_annotator_still_sees_their_pay_and_never_the_content(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(1), erasing.shipping
    erasing.erased(shipped.batch.batch_id)
    with erasing.database.read() as session:
        response = session.scalars(select(Response)).one()
    browser = shipping.browser(shipped.author.person_id)
    page = browser.get(f"/work/earnings/answers/{response.id}")
    assert page.status_code == 200
    assert "这条的内容已经按约定删除。" in page.text
    assert "味道不错" not in page.text


def test_a_lease_that_ran_out_can_no_longer_be_answered(erasing: Erasing) -> None:
    shipping = erasing.shipping
    batch, author = shipping.batch(2), shipping.person()
    held = shipping.claims(author, batch.project_id)
    shipping.clock.move(days=2)
    with erasing.database.write() as session:
        expire_leases(session, shipping.clock.now())
    erasing.cancel(batch.batch_id)
    erasing.erased(batch.batch_id)
    script = shipping.script(author.person_id)
    answer = script.post(
        f"/api/v1/assignments/{held}/response", json={"result": []}, headers={"Idempotency-Key": "late"}
    )
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/task-erased")
    assert shipping.browser(author.person_id).get(f"/work/tasks/{held}").status_code == 410
    with erasing.database.read() as session:
        assert session.get_one(Assignment, held).batch_id == batch.batch_id
        assert session.scalars(select(Response)).all() == []


def test_a_batch_whose_content_is_gone_is_never_opened_again(erasing: Erasing) -> None:
    shipped = erasing.settled(1)
    erasing.erased(shipped.batch.batch_id)
    client = erasing.shipping.script(erasing.boss.person_id)
    assert client.post(f"/api/v1/batches/{shipped.batch.batch_id}/open").status_code == 409
    told = client.get(f"/api/v1/batches/{shipped.batch.batch_id}/data").json()
    assert (told["state"], told["erasure"]["step"], told["bytes"]) == ("erased", "done", 0)


def test_an_address_for_a_file_that_was_given_out_before_takes_nothing_afterwards(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(1), erasing.shipping
    client = shipping.script(erasing.boss.person_id)
    made = client.post(f"/api/v1/projects/{shipped.batch.project_id}/batches", json={"name": "四月"}).json()
    begun = client.post(
        f"/api/v1/projects/{shipped.batch.project_id}/uploads",
        json={"file_name": "四月.csv", "size": 5, "subject": made["id"]},
    )
    erasing.cancel(UUID(made["id"]))
    erasing.erased(UUID(made["id"]))
    refused = client.put(made["upload_url"].removeprefix("http://testserver"), content=b"review\nx\n")
    assert (refused.status_code, refused.json()["type"]) == (410, "/problems/data-erased")
    part = f"/api/v1/uploads/{begun.json()['id']}/parts/1"
    assert client.put(part, content=b"12345").status_code == 409
    assert list(shipping.installation.objects.keys("uploads/")) == []


def test_the_certificate_is_read_printed_and_checked_by_scripts(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(1), erasing.shipping
    client = shipping.script(erasing.boss.person_id)
    path = f"/api/v1/batches/{shipped.batch.batch_id}"
    name = erasing.batch(shipped.batch.batch_id).name
    assert client.post(f"{path}/erasure", json={"name": "不是"}).status_code == 422
    asked = client.post(f"{path}/erasure", json={"name": name})
    assert (asked.status_code, asked.json()["state"]) == (202, "erasing")
    assert client.get(f"/api/v1/erasures/{asked.json()['erasure']['id']}").status_code == 404
    erasure_id = UUID(asked.json()["erasure"]["id"])
    erasing.run(erasing.erasure(erasure_id))
    told = client.get(f"/api/v1/erasures/{erasure_id}").json()
    assert hashlib.sha256(told["text"].encode()).hexdigest() == told["sha256"]
    lines = client.get(f"/api/v1/erasures/{erasure_id}/manifest").content
    assert hashlib.sha256(lines).hexdigest() == told["certificate"]["manifest"]["sha256"]
    paper = client.get(f"/api/v1/erasures/{erasure_id}/certificate.html").text
    assert "数据删除证明 D-000001" in paper
    assert told["sha256"] in paper
    stranger = shipping.script(shipping.actor(Role.PARTNER_ADMIN, shipping.firm()).person_id)
    assert stranger.get(f"/api/v1/erasures/{erasure_id}").status_code == 404


def test_who_may_only_look_neither_erases_nor_sets_a_period(erasing: Erasing) -> None:
    shipped, shipping = erasing.settled(1), erasing.shipping
    path = f"/api/v1/batches/{shipped.batch.batch_id}"
    engineer = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, erasing.firm).person_id)
    coordinator = shipping.script(shipping.actor(Role.COORDINATOR).person_id)
    assert engineer.put(f"{path}/retention", json={"days": 3}).status_code == 403
    for script in (engineer, coordinator):
        assert script.post(f"{path}/erasure", json={"name": "x"}).status_code == 403
        assert script.put(f"{path}/legal-hold", json={"reason": "x"}).status_code == 403
    admin = shipping.script(shipping.actor(Role.ADMIN).person_id)
    assert admin.put(f"{path}/legal-hold", json={"reason": "有投诉"}).json()["refused"] == "data-held"
    assert admin.delete(f"{path}/legal-hold").json()["refused"] is None
