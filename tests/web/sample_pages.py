"""Every template of the page floor with a sample context, served to a browser without an application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup
from playwright.sync_api import BrowserContext, Route
from starlette.requests import Request

from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.actor import Actor, Standing
from leye_platform.web.display import display_of
from leye_platform.web.pages import page
from leye_platform.web.rendering import environment
from leye_platform.web.security_headers import POLICY
from leye_platform.web.static_files import ASSETS, STATIC_FOLDERS, asset
from leye_platform.web.translations import catalogue
from leye_platform.web.workbench import key_rows, tool_commands
from leye_task_templates.registry import template_named, templates

ORIGIN = "http://leye.test"
NOW = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
ASSIGNMENT = "0199a000-0000-7000-8000-000000000001"
TYPES = {".css": "text/css", ".mjs": "text/javascript"}


def actor_with(*roles: Role) -> Actor:
    """Somebody of the operator."""
    organisation = UUID(int=1)
    standings = tuple(Standing(organisation, OrganisationKind.OPERATOR, role) for role in roles)
    return Actor(UUID(int=2), 7, "工号 3017", "3017", standings, csrf_token="token")


ANNOTATOR = actor_with(Role.ANNOTATOR)


def view(*, multiple: bool = False) -> dict[str, Any]:
    """What the text classification template shows of a task."""
    named = [
        ("正面", "满意，愿意再买"),
        ("负面", "不满意，抱怨，劝人别买"),
        ("中性", "只说事实，看不出态度"),
        ("说不清", "交给质检员判，照样计酬"),
    ]
    return {
        "texts": [
            {
                "name": "review",
                "heading": "",
                "value": "快递倒是第二天就到了，杯子用了三次盖子就拧不紧，"
                "客服让我自己买个皮圈换上。杯身颜色和图上一样。",
            }
        ],
        "question": "" if multiple else "写的人对这次购物是什么态度？",
        "choices": [
            {"value": label, "label": label, "hint": hint, "key": str(number)}
            for number, (label, hint) in enumerate(named, start=1)
        ],
        "multiple": multiple,
        "required": True,
        "control": "label",
        "object": "text",
    }


def task(gettext: Callable[[str], str], **more: Any) -> dict[str, Any]:
    """The workbench's context."""
    shown = view(multiple=more.pop("multiple", False))
    return {
        "project_title": "短评情感分类",
        "stays_in": UUID(int=3),
        "guide": {
            "version": 3,
            "html": Markup("<p>看写的人最后留下的印象，不数好话和坏话的条数。</p>"),
            "open": False,
        },
        "view": shown,
        "task_type": "text_classification",
        "assignment_id": UUID(ASSIGNMENT),
        "idempotency_key": "key-of-the-page",
        "chosen": [],
        "position": gettext("第 {number} 条").format(number=4),
        "commands": tool_commands(template_named("text_classification"), shown, gettext),
        "problem": "",
        "late": False,
    } | more


@dataclass
class SamplePages:
    """Answers a browser's requests for ORIGIN; `api` notes what modules sent, and `away` cuts the network."""

    api: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    posts: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    away: bool = False
    chosen: list[str] = field(default_factory=list)

    def install(self, context: BrowserContext) -> None:
        context.route(f"{ORIGIN}/**", self._answer)

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if self.away:
            route.abort("internetdisconnected")
        elif path.startswith("/static/"):
            folder = next(prefix for prefix in STATIC_FOLDERS if path.startswith(prefix + "/"))
            file = STATIC_FOLDERS[folder] / path.removeprefix(folder + "/")
            name = path.removeprefix("/static/")
            body = bytes(asset(name).body) if name in ASSETS else file.read_bytes()
            route.fulfill(body=body, content_type=TYPES[file.suffix])
        elif path.startswith("/api/"):
            body = orjson.loads(route.request.post_data or "null")
            self.api.append((route.request.method, path.rsplit("/", 1)[1], body, route.request.headers))
            route.fulfill(json={})
        else:
            if route.request.method == "POST":
                self.posts.append((path, parse_qs(route.request.post_data or "")))
            headers = {"content-security-policy": POLICY.format(nonce="sample", bucket=""), "content-type": "text/html"}
            route.fulfill(body=self.html(route.request.url, route.request.headers.get("cookie", "")), headers=headers)

    def html(self, url: str, cookie: str = "") -> str:
        """The page at an address; an address of its own for each sample."""
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "method": "GET",
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(b"cookie", cookie.encode())],
            "state": {"nonce": "sample"},
        }
        request = Request(scope)
        gettext = catalogue(display_of(request).language).gettext
        samples = self._samples(gettext)
        template, actor, context = samples.get(parts.path, samples["/posted"])
        return bytes(page(request, actor, NOW, template, **context).body).decode()

    def _samples(self, gettext: Callable[[str], str]) -> dict[str, tuple[str, Actor | None, dict[str, Any]]]:
        broken = gettext("是我们这边出了问题，不是你操作错了。已经提交的答案都存好了。")
        missing = gettext("没有找到。可能已经移走，或者不是这个账号能看的。请回首页，从那里进来。")
        lacking = gettext("还没有选，请选一个再提交")
        keys = [(gettext(one.title), key_rows(one, gettext)) for one in templates().values()]
        error = {"reference": None, "again": "", "posted": False}
        return {
            f"/work/tasks/{ASSIGNMENT}": ("work/task.html", ANNOTATOR, task(gettext, chosen=self.chosen)),
            "/work/multiple": (
                "work/task.html",
                ANNOTATOR,
                task(gettext, multiple=True, problem=lacking, late=True, guide=None),
            ),
            "/broken": ("error.html", ANNOTATOR, error | {"sentence": broken, "reference": "7F3K20", "again": "/x"}),
            "/missing": ("error.html", None, error | {"sentence": missing}),
            "/posted": ("error.html", ANNOTATOR, error | {"sentence": missing, "posted": True}),
            "/help": ("help.html", None, {"leader": None, "contact": "0936-5550123", "keys": keys}),
            "/help-leader": ("help.html", ANNOTATOR, {"leader": "B02", "contact": "", "keys": keys}),
            "/accessibility": ("accessibility.html", ANNOTATOR, {"contact": ""}),
            "/display": ("display.html", ANNOTATOR, {"saved": True, "back": "/work"}),
            "/gallery": ("gallery.html", actor_with(Role.ADMIN), {}),
        }


def _add_gallery() -> None:
    """Let the site's environment find the page that shows every component."""
    loader = environment().loader
    assert isinstance(loader, ChoiceLoader)
    environment().loader = ChoiceLoader([*loader.loaders, FileSystemLoader(Path(__file__).parent)])


_add_gallery()
