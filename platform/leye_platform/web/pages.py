"""A page, packed for thin lines: template, context, and what all pages carry (language, navigation, tokens)."""

from collections.abc import Callable
from datetime import datetime
from gettext import NullTranslations
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import masked
from leye_platform.actor import Actor
from leye_platform.errors import N_, LeyeError
from leye_platform.permissions import Permission
from leye_platform.web import formats
from leye_platform.web.display import display_of
from leye_platform.web.packing import packed
from leye_platform.web.rendering import render
from leye_platform.web.translations import LANGUAGES, catalogue, messages_for_scripts
from leye_platform.web.typography import page_catalogue

NAVIGATION: tuple[tuple[Permission, str, str], ...] = (
    (Permission.WORK, "/work", N_("首页")),
    (Permission.REVIEW, "/review", N_("质检")),
    (Permission.OWN_EARNINGS, "/work/earnings", N_("收入")),
    (Permission.VIEW_PROJECTS, "/projects", N_("项目")),
    (Permission.VIEW_TEAM, "/teams", N_("小组")),
    (Permission.FINANCE, "/billing", N_("财务")),
    (Permission.ADMINISTER, "/admin", N_("管理")),
)
PARTNER_NAVIGATION: tuple[tuple[Permission, str, str], ...] = (
    (Permission.VIEW_BATCH, "/partner", N_("批次")),
    (Permission.VIEW_INVOICE, "/partner/invoices", N_("账单")),
)
ROLE_WORDS: dict[Role, str] = {
    Role.ADMIN: N_("管理员"),
    Role.COORDINATOR: N_("项目经理"),
    Role.FINANCE: N_("财务"),
    Role.REVIEWER: N_("质检员"),
    Role.LEADER: N_("组长"),
    Role.ANNOTATOR: N_("标注员"),
    Role.PARTNER_ADMIN: N_("企业管理员"),
    Role.PARTNER_QA: N_("企业验收"),
    Role.PARTNER_FINANCE: N_("企业财务"),
    Role.PARTNER_ENGINEER: N_("企业工程师"),
}


def is_page(request: Request) -> bool:
    """Whether a person asks, not a program."""
    return not request.url.path.startswith(("/api/", "/objects/", "/health", "/readyz", "/metrics"))


def translator_for(request: Request) -> NullTranslations:
    """The catalogue of the reader's language; for a page as pages set it."""
    language = display_of(request).language
    return page_catalogue(language) if is_page(request) else catalogue(language)


def sentence_for(request: Request, error: LeyeError) -> str:
    """A named error's sentence in the reader's language."""
    return translator_for(request).gettext(error.sentence).format(**error.arguments)


def page(
    request: Request, actor: Actor | None, now: datetime, template: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """Render a template. `context` wins over nothing: the common names stand in `_common`."""
    html = render(template, _common(request, actor, now) | context).encode()
    html, headers = packed(html, request.headers.get("accept-encoding", ""))
    return HTMLResponse(html, status_code=status, headers=headers)


def _common(request: Request, actor: Actor | None, now: datetime) -> dict[str, Any]:
    display = display_of(request)
    translations = page_catalogue(display.language)
    return {
        "_": translations.gettext,
        "gettext": translations.gettext,
        "ngettext": translations.ngettext,
        "lang": LANGUAGES[display.language],
        "other_language": "en" if display.language == "zh" else "zh",
        "display": display,
        "nonce": getattr(request.state, "nonce", ""),
        "actor": actor,
        "role_words": ROLE_WORDS,
        "navigation": navigation(actor),
        "path": request.url.path,
        "csrf": masked(actor.csrf_token) if actor and actor.csrf_token else "",
        "when": formats.when(display.language, now),
        "before": formats.before(display.language, now),
        "day": formats.day(display.language, now),
        "weekday": formats.weekday(display.language, now),
        "money": formats.money(display.language),
        "exact_money": formats.exact_money(display.language),
        "billed": formats.billed(display.language),
        "date": formats.date(display.language),
        "month_words": formats.month(display.language),
        "duration": formats.duration(display.language),
        "script_messages": messages_for_scripts(display.language),
        "now": now,
    }


def navigation(actor: Actor | None) -> list[tuple[str, str]]:
    """The pages that this person's roles open: (path, Chinese word)."""
    if actor is None:
        return []
    partner = any(role.value.startswith("partner-") for role in actor.roles)
    found = [(path, word) for permission, path, word in NAVIGATION if actor.may(permission)]
    if partner:
        found += [(path, word) for permission, path, word in PARTNER_NAVIGATION if actor.may(permission)]
    return found


def words_in(language: str) -> Callable[[str], str]:
    """The translating function of a language, for texts made outside a request."""
    return catalogue(language).gettext
