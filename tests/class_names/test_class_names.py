"""The names of classes in deliveries, over the API and as a form, and who may change them."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.audit import AuditRecord
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.factories import SENTIMENT, make_project
from support.shipping import Shipping, SignedIn

MANY = "".join(f'<Choice value="{"类" * 76}{n:04}"/>' for n in range(200))
LONG_CONFIG = (
    '<View><Text name="text" value="$review"/>'
    f'<Choices name="c" toName="text" choice="multiple">{MANY}</Choices></View>'
)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def project_of(shipping: Shipping, firm: UUID, label_config: str = SENTIMENT) -> UUID:
    with shipping.database.write() as session:
        return make_project(session, organisation=session.get_one(Organisation, firm), label_config=label_config).id


def partner(shipping: Shipping, firm: UUID, role: Role = Role.PARTNER_ADMIN) -> SignedIn:
    return shipping.browser(shipping.actor(role, firm).person_id)


def recorded(shipping: Shipping, project_id: UUID) -> list[dict[str, object]]:
    with shipping.database.read() as session:
        query = select(AuditRecord.detail).where(
            AuditRecord.action == "project.class_names", AuditRecord.subject_id == project_id
        )
        return list(session.scalars(query.order_by(AuditRecord.at)))


def test_a_script_reads_and_writes_the_names(shipping: Shipping) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    path = f"/api/v1/projects/{project_id}/class-names"
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    assert script.get(path).json() == {"正面": "正面", "负面": "负面"}
    written = script.put(path, json={"正面": " positive "})
    assert (written.status_code, written.json()) == (200, {"正面": "positive", "负面": "负面"})
    assert script.put(path, json=script.get(path).json()).json() == written.json()
    assert shipping.project(project_id).class_names == {"正面": "positive"}
    assert script.put(path, json={"负面": "negative", "正面": ""}).json() == {"正面": "正面", "负面": "negative"}
    assert script.put(path, json={}).json() == {"正面": "正面", "负面": "负面"}
    assert recorded(shipping, project_id) == [
        {"names": {"正面": "positive"}},
        {"names": {"负面": "negative"}},
        {"names": {}},
    ]


@pytest.mark.parametrize(
    ("names", "field", "words"),
    [
        ({"正面": "x", "负面": "x"}, "负面", "“正面”和“负面”"),
        ({"正面": "a\u0000b"}, "正面", "控制符"),
        ({"正面": "x" * 201}, "正面", "200"),
        ({"好评": "good"}, "好评", "“好评”"),
    ],
)
def test_a_script_is_told_by_class_what_is_wrong_and_nothing_changes(
    shipping: Shipping, names: dict[str, str], field: str, words: str
) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    path = f"/api/v1/projects/{project_id}/class-names"
    script = shipping.script(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    script.put(path, json={"负面": "negative"})
    refused = script.put(path, json=names)
    assert refused.status_code == 422
    assert refused.json()["errors"].keys() == {field}
    assert words in refused.json()["errors"][field]
    assert shipping.project(project_id).class_names == {"负面": "negative"}
    assert len(recorded(shipping, project_id)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"\xe6\xad\xa3\xe9\x9d\xa2": 1}',
        b'{"\xe6\xad\xa3\xe9\x9d\xa2": null}',
        b'{"\\ud800": "x"}',
        b'{"\xe6\xad\xa3\xe9\x9d\xa2": "\\ud800"}',
        b'{"a\\u0000": "x"}',
    ],
)
def test_what_is_no_map_of_texts_is_refused(shipping: Shipping, body: bytes) -> None:
    firm = shipping.firm()
    path = f"/api/v1/projects/{project_of(shipping, firm)}/class-names"
    script = shipping.script(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    refused = script.put(path, content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"]


def test_who_may_change_and_who_may_read(shipping: Shipping) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    path, page = f"/api/v1/projects/{project_id}/class-names", f"/partner/projects/{project_id}/names"
    for role, home, reads, writes in (
        (Role.PARTNER_ADMIN, firm, 200, 200),
        (Role.PARTNER_ENGINEER, firm, 200, 200),
        (Role.COORDINATOR, None, 200, 200),
        (Role.PARTNER_QA, firm, 200, 403),
        (Role.PARTNER_FINANCE, firm, 403, 403),
        (Role.PARTNER_ADMIN, shipping.firm(), 404, 404),
    ):
        person = shipping.actor(role, home).person_id
        script = shipping.script(person)
        assert script.get(path).status_code == reads, role
        assert script.put(path, json={}).status_code == writes, role
        browser = shipping.browser(person)
        assert browser.get(page).status_code == writes, role
        assert browser.post(page, names=["", ""]).status_code == (303 if writes == 200 else writes), role


def test_the_form_keeps_the_names_and_says_so(shipping: Shipping) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    page = f"/partner/projects/{project_id}/names"
    browser = partner(shipping, firm)
    saved = browser.post(page, names=["positive", ""])
    assert (saved.status_code, saved.headers["location"]) == (303, f"{page}?saved=1")
    shown = browser.get(saved.headers["location"]).text
    assert "保存好了" in shown
    assert re.search(r'name="names" value="positive"', shown)
    assert shipping.project(project_id).class_names == {"正面": "positive"}
    assert browser.post(page, names=["", ""]).status_code == 303
    assert shipping.project(project_id).class_names == {}


def test_a_refused_form_keeps_what_was_typed_and_says_it_beside_the_field(shipping: Shipping) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    page = f"/partner/projects/{project_id}/names"
    browser = partner(shipping, firm)
    refused = browser.post(page, names=[" <b>x</b>", "<b>x</b>"])
    assert refused.status_code == 422
    assert 'id="error-name-2"' in refused.text
    assert 'aria-describedby="error-name-2"' in refused.text
    assert 'id="error-name-1"' not in refused.text
    assert 'value=" &lt;b&gt;x&lt;/b&gt;"' in refused.text
    assert shipping.project(project_id).class_names == {}


def test_a_form_that_is_not_the_pages_own_erases_nothing(shipping: Shipping) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    page = f"/partner/projects/{project_id}/names"
    browser = partner(shipping, firm)
    browser.post(page, names=["positive", "negative"])
    for fields in ({}, {"names": ["x"]}, {"names": ["x", "y", "z"]}):
        assert browser.post(page, **fields).status_code == 409
    assert browser.client.post(page, data={"csrf": "x", "names": ["", ""]}).status_code == 403
    assert shipping.project(project_id).class_names == {"正面": "positive", "负面": "negative"}


def test_two_hundred_classes_with_long_names_are_kept_by_one_form(shipping: Shipping) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm, label_config=LONG_CONFIG)
    page = f"/partner/projects/{project_id}/names"
    browser = partner(shipping, firm)
    shown = browser.get(page).text
    assert shown.count('name="names"') == 200
    names = [f"class_{n:03}" for n in range(200)]
    assert browser.post(page, names=names).status_code == 303
    assert list(shipping.project(project_id).class_names.values()).count("class_199") == 1
    assert len(shipping.project(project_id).class_names) == 200


def test_a_thousand_classes_fit_into_a_form(shipping: Shipping) -> None:
    choices = "".join(f'<Choice value="c{n}"/>' for n in range(1000))
    config = f'<View><Text name="text" value="$review"/><Choices name="c" toName="text">{choices}</Choices></View>'
    firm = shipping.firm()
    project_id = project_of(shipping, firm, label_config=config)
    names = [f"n{n}" for n in range(1000)]
    assert partner(shipping, firm).post(f"/partner/projects/{project_id}/names", names=names).status_code == 303
    assert len(shipping.project(project_id).class_names) == 1000


def test_pages_lead_to_it(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    address = f'href="/partner/projects/{shipped.batch.project_id}/names"'
    batch = f"/partner/batches/{shipped.batch.batch_id}"
    assert address in partner(shipping, shipped.organisation_id).get(batch).text
    assert address not in partner(shipping, shipped.organisation_id, Role.PARTNER_QA).get(batch).text
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    assert address in coordinator.get(f"/projects/{shipped.batch.project_id}").text
    names = coordinator.get(f"/partner/projects/{shipped.batch.project_id}/names").text
    assert f'href="/projects/{shipped.batch.project_id}"' in names
