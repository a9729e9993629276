"""Guides by form, without JavaScript: written, published, asked about, read again before work goes on."""

import re
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.guides.drafts import draft_of
from leye_platform.guides.models import GuideQuestion
from leye_platform.guides.publish import newest_version
from leye_platform.installation import Installation
from leye_platform.projects.models import GuideVersion, Item
from support.at_work import AtWork, words
from support.clock import MovableClock
from support.factories import chosen
from support.shipping import Shipping, SignedIn

BODY = "# 怎么选\n\n按整条评论的意思选。\n\n<script>alert(1)</script> ![x](http://elsewhere.example/p.png)\n\n[图 1]"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def desk(shipping: Shipping) -> SignedIn:
    return shipping.browser(shipping.actor(Role.COORDINATOR).person_id)


@pytest.fixture
def project_id(shipping: Shipping) -> UUID:
    return shipping.batch(6, title="短评情感分类").project_id


def picture_file(kind: str = "PNG", size: tuple[int, int] = (300, 200)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "#0A5550").save(file, kind)
    return file.getvalue()


def written(desk: SignedIn, project_id: UUID, do: str = "save", **fields: object) -> Any:
    """Post the draft's form with the number of the last save."""
    path = f"/projects/{project_id}/guide/draft"
    found = re.search(r'name="revision" value="(\d+)"', desk.get(path).text)
    assert found
    fields = {"body": BODY, "revision": found[1]} | fields
    return desk.post(path, do=do, **fields)


def with_picture(desk: SignedIn, project_id: UUID, content: bytes, description: str = "") -> Any:
    path = f"/projects/{project_id}/guide/draft"
    found = re.search(r'name="revision" value="(\d+)"', desk.get(path).text)
    assert found
    data = {"csrf": desk.csrf, "do": "add-picture", "revision": found[1], "body": BODY, "description": description}
    return desk.client.post(path, data=data, files={"picture": ("图.png", content, "image/png")})


def publish(desk: SignedIn, project_id: UUID, change: str = "加了图") -> Any:
    page = desk.get(f"/projects/{project_id}/guide/publish").text
    found = re.search(r'name="over" value="(\d+)"', page)
    assert found, page
    return desk.post(f"/projects/{project_id}/guide/publish", over=found[1], change=change)


class TestWriting:
    def test_text_examples_and_a_picture_are_written_and_published(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        answer = with_picture(desk, project_id, picture_file(), "一只杯子")
        assert answer.status_code == 303
        found = re.search(
            r'name="picture_id" value="([0-9a-f-]+)"', desk.get(f"/projects/{project_id}/guide/draft").text
        )
        assert found
        example = {
            "example_content": ["送得很快", ""],
            "example_answer": ["正面", ""],
            "example_verdict": ["good", "bad"],
            "example_why": ["夸了快递。", ""],
            "picture_id": [found[1]],
            "picture_number": ["1"],
            "picture_description": ["一只蓝色杯子，杯口有缺口"],
        }
        sent = written(desk, project_id, "publish", **example)
        assert sent.headers["location"].endswith("/guide/publish")
        preview = words(desk.get(sent.headers["location"]).text)
        assert "加上 图 1：一只蓝色杯子，杯口有缺口" in preview
        assert publish(desk, project_id).headers["location"].endswith("done=published")
        with shipping.database.read() as session:
            newest = newest_version(session, project_id)
            assert newest is not None
            assert (newest.version, newest.change, len(newest.examples), len(newest.pictures)) == (2, "加了图", 1, 1)

    def test_what_could_run_or_fetch_is_shown_as_text(self, desk: SignedIn, project_id: UUID) -> None:
        written(desk, project_id)
        publish(desk, project_id)
        page = desk.get(f"/guides/{project_id}").text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert 'src="http' not in page

    def test_a_picture_without_a_description_is_kept_and_asked_about(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        answer = with_picture(desk, project_id, picture_file())
        assert answer.status_code == 422
        assert "请写图 1 的说明：图里有什么、要看什么。看不见图的人靠它做事。" in answer.text
        assert 'id="error-picture-1"' in answer.text
        with shipping.database.read() as session:
            text, _ = draft_of(session, project_id)
        assert len(text.pictures) == 1
        kept = {"picture_id": str(text.pictures[0].id), "picture_number": "1", "picture_description": " "}
        assert written(desk, project_id, "publish", **kept).status_code == 422
        assert "草稿里还有 1 处要补" in desk.get(f"/projects/{project_id}/guide/publish").text
        refused = desk.post(f"/projects/{project_id}/guide/publish", over="1", change="加了图")
        assert refused.status_code == 422

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [(b"", "请选一张图片"), (b"no picture", "不是能用的图片"), (picture_file()[:200], "图片读不到底")],
    )
    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_what_is_no_picture_is_refused_and_the_text_stays(
        self, desk: SignedIn, project_id: UUID, content: bytes, sentence: str
    ) -> None:
        path = f"/projects/{project_id}/guide/draft"
        data = {"csrf": desk.csrf, "do": "add-picture", "revision": "0", "body": "写了很久的话"}
        files = {"picture": ("图.png" if content else "", content, "image/png")}
        answer = desk.client.post(path, data=data, files=files)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "写了很久的话" in answer.text

    def test_a_huge_picture_is_refused_before_it_is_unpacked(self, desk: SignedIn, project_id: UUID) -> None:
        answer = with_picture(desk, project_id, picture_file(size=(17_000, 10)), "长条")
        assert answer.status_code == 422
        assert "最长边有 17000 像素" in answer.text

    def test_examples_are_added_and_taken_out_and_nothing_typed_is_lost(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        rows = {
            "example_content": ["一", "二"],
            "example_answer": ["", ""],
            "example_verdict": ["good", "bad"],
            "example_why": ["因为一", "因为二"],
        }
        more = written(desk, project_id, "add-example", **rows)
        assert more.status_code == 200
        assert 'id="example-3-content"' in more.text
        assert written(desk, project_id, "remove-example:1", **rows).status_code == 303
        with shipping.database.read() as session:
            text, _ = draft_of(session, project_id)
        assert [(one.content, one.good) for one in text.examples] == [("二", False)]

    def test_a_draft_that_another_has_saved_is_not_written_over_unasked(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        other = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
        written(desk, project_id, body="第一份")
        assert other.post(f"/projects/{project_id}/guide/draft", body="第二份", revision="0").status_code == 409
        answer = other.post(f"/projects/{project_id}/guide/draft", body="第二份", revision="0")
        assert "存过草稿" in answer.text
        assert "第二份" in answer.text
        with shipping.database.read() as session:
            assert draft_of(session, project_id)[0].body == "第一份"
        assert other.post(f"/projects/{project_id}/guide/draft", body="第二份", revision="1").status_code == 303

    def test_a_draft_can_be_thrown_away(self, shipping: Shipping, desk: SignedIn, project_id: UUID) -> None:
        written(desk, project_id, body="不要的")
        assert "有一份草稿还没有发布" in desk.get(f"/projects/{project_id}/guide").text
        desk.post(f"/projects/{project_id}/guide/draft/discard")
        with shipping.database.read() as session:
            assert draft_of(session, project_id)[1] == 0
        assert desk.get(f"/projects/{project_id}/guide/publish").status_code == 303

    def test_what_changed_has_to_be_said(self, shipping: Shipping, desk: SignedIn, project_id: UUID) -> None:
        written(desk, project_id)
        answer = publish(desk, project_id, change=" ")
        assert answer.status_code == 422
        assert 'id="error-change"' in answer.text
        with shipping.database.read() as session:
            count = select(func.count()).select_from(GuideVersion).where(GuideVersion.project_id == project_id)
            assert session.scalar(count) == 1


class TestReading:
    def test_the_change_is_shown_and_confirmed_before_the_next_task(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        me = AtWork(shipping)
        held = me.claims()
        shipping.clock.move(minutes=1)
        written(desk, project_id, body="# 怎么选\n\n按整条评论的意思选。快递慢也算。")
        publish(desk, project_id, change="快递慢也算")
        assert me.claims() == held
        assert "规范改了" in me.page("/work")
        leads = me.sends(held, choice="正面")
        assert leads == f"/guides/{project_id}/changes?after=submitted&shared=1"
        page = me.page(leads)
        assert "上一条已提交" in page
        assert "快递慢也算" in words(page)
        assert "加上 快递慢也算。" in words(page)
        assert '<ins dir="auto">快递慢也算。</ins>' in page
        assert me.browser.post("/work/next").headers["location"].startswith(f"/guides/{project_id}/changes")
        following = me.browser.post(f"/guides/{project_id}/changes", version="2", after="submitted")
        assert following.headers["location"].startswith("/work/tasks/")
        assert "规范改了" not in me.page("/work")
        assert me.browser.get(f"/guides/{project_id}/changes").status_code == 200, "it can be looked at again"
        assert 'data-command="confirm"' not in me.page(f"/guides/{project_id}/changes")

    def test_the_api_names_the_situation_and_the_page(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        who = shipping.person()
        shipping.answers(who, shipping.claims(who))
        shipping.clock.move(minutes=1)
        written(desk, project_id, body="另一份。")
        publish(desk, project_id)
        script = shipping.script(who.person_id)
        refused = script.post("/api/v1/claims", json={})
        assert refused.status_code == 409
        problem = refused.json()
        assert problem["type"] == "/problems/guide-not-confirmed"
        assert (problem["project"], problem["version"]) == (str(project_id), 2)
        assert script.get(problem["page"]).status_code == 200
        guide = script.get(f"/api/v1/projects/{project_id}/guide").json()
        assert (guide["version"], guide["known"], guide["body"]) == (2, 1, "另一份。")
        path = f"/api/v1/projects/{project_id}/guide/confirm"
        assert script.post(path, json={"version": 1}).status_code == 409
        assert script.post(path, json={"version": 2}).status_code == 204
        assert script.post("/api/v1/claims", json={}).status_code == 201

    def test_a_version_that_came_meanwhile_is_shown_instead(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        me = AtWork(shipping)
        me.sends(me.claims(), choice="正面")
        for number in (2, 3):
            written(desk, project_id, body=f"第 {number} 版。")
            publish(desk, project_id, change=f"改成 {number}")
        answer = me.browser.post(f"/guides/{project_id}/changes", version="2")
        assert answer.headers["location"] == f"/guides/{project_id}/changes"
        page = words(me.page(f"/guides/{project_id}/changes"))
        assert "从第 1 版到第 3 版" in page
        assert "第 2 版：改成 2" in page

    def test_an_earlier_version_says_that_it_is_one(self, desk: SignedIn, project_id: UUID) -> None:
        written(desk, project_id, body="新的一版。")
        publish(desk, project_id)
        page = desk.get(f"/guides/{project_id}?version=1").text
        assert "这是以前的版本" in page
        assert "按整条评论的意思选" in page
        assert desk.get(f"/guides/{project_id}?version=9").status_code == 404

    def test_the_partner_reads_its_own_guide_alone(self, shipping: Shipping) -> None:
        firm = shipping.firm()
        shipped = shipping.shipped(1, firm=firm)
        own = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
        assert own.get(f"/guides/{shipped.batch.project_id}").status_code == 200
        other = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipping.firm()).person_id)
        assert other.get(f"/guides/{shipped.batch.project_id}").status_code == 404

    def test_a_picture_is_served_as_a_picture_that_may_be_kept(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        with_picture(desk, project_id, picture_file(), "一只杯子")
        written_page = desk.get(f"/projects/{project_id}/guide/draft").text
        found = re.search(r'src="(/guides/pictures/[0-9a-f-]+)"', written_page)
        assert found
        answer = AtWork(shipping).browser.get(found[1])
        assert answer.headers["content-type"] == "image/jpeg"
        assert "immutable" in answer.headers["cache-control"]
        assert Image.open(BytesIO(answer.content)).size == (300, 200)
        assert desk.get(f"/guides/pictures/{uuid4()}").status_code == 404


class TestQuestions:
    def test_a_question_from_the_task_is_answered_in_the_guide(
        self, shipping: Shipping, desk: SignedIn, project_id: UUID
    ) -> None:
        me = AtWork(shipping)
        task = me.claims()
        assert f'href="/guides/{project_id}#ask"' in me.page(f"/work/tasks/{task}/help")
        assert me.browser.post(f"/guides/{project_id}/questions", question=" ").status_code == 422
        sent = me.browser.post(f"/guides/{project_id}/questions", question="送得慢算吗？<b>")
        assert "等回答" in me.page(sent.headers["location"].partition("#")[0])
        with shipping.database.read() as session:
            question = session.scalars(select(GuideQuestion.id)).one()
        path = f"/projects/{project_id}/guide/questions/{question}"
        refused = desk.post(path, words=" ", shared="true")
        assert refused.status_code == 422
        assert f'id="error-words-{question}"' in refused.text
        assert desk.post(path, words="算负面。", shared="true").status_code == 303
        for page in (me.page(f"/work/tasks/{task}"), me.page(f"/guides/{project_id}")):
            assert "送得慢算吗？&lt;b&gt;" in page
            assert "算负面。" in page

    def test_an_answer_to_one_alone_stays_with_them(self, shipping: Shipping, desk: SignedIn, project_id: UUID) -> None:
        me = AtWork(shipping)
        me.browser.post(f"/guides/{project_id}/questions", question="我看不清怎么办？")
        with shipping.database.read() as session:
            question = session.scalars(select(GuideQuestion.id)).one()
        desk.post(f"/projects/{project_id}/guide/questions/{question}", words="给你换一批。")
        assert "给你换一批。" in me.page(f"/guides/{project_id}")
        assert "给你换一批。" not in AtWork(shipping).page(f"/guides/{project_id}")


class TestGold:
    def test_old_gold_is_flagged_and_settled(self, shipping: Shipping, desk: SignedIn) -> None:
        batch = shipping.batch(2, gold=2)
        project_id = batch.project_id
        with shipping.database.write() as session:
            for item in session.scalars(select(Item).where(Item.gold_result.is_not(None))):
                item.gold_result = chosen("负面")
        shipping.clock.move(minutes=1)
        written(desk, project_id, body="新的一版。")
        publish(desk, project_id)
        assert "2 道标准题是按以前的规范定的" in desk.get(f"/projects/{project_id}/guide").text
        page = desk.get(f"/projects/{project_id}/gold").text
        assert "答案：负面" in words(page)
        items = re.findall(r'name="item" value="([0-9a-f-]+)"', page)
        assert len(items) == 2
        assert desk.post(f"/projects/{project_id}/gold", do="confirm", version="2").status_code == 422
        desk.post(f"/projects/{project_id}/gold", do="confirm", version="2", item=items[0])
        desk.post(f"/projects/{project_id}/gold", do="retire", version="2", item=items[1])
        assert "没有要再看的标准题" in desk.get(f"/projects/{project_id}/gold").text
