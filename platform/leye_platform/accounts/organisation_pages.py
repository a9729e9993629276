"""Organisations, as the administrator keeps them: partners and bases are made here."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.directory import organisations
from leye_platform.accounts.errors import OrganisationNameNeeded, OrganisationNameTaken
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/admin/organisations", include_in_schema=False)

KIND_WORDS: dict[OrganisationKind, str] = {
    OrganisationKind.OPERATOR: N_("运营方"),
    OrganisationKind.BASE: N_("基地"),
    OrganisationKind.PARTNER: N_("合作企业"),
}
CHOOSE_KIND = N_("请选是合作企业还是基地。")


@router.get("")
@endpoint(Permission.MANAGE_PEOPLE)
def list_page(work: Work, done: str = "") -> Response:
    """Every organisation, and the form for a new one."""
    return _page(work, done=done)


def _page(
    work: Work, *, kind: str = "", name: str = "", done: str = "", problems: dict[str, str] | None = None
) -> Response:
    return work.page(
        "accounts/organisations.html",
        status=422 if problems else 200,
        organisations=organisations(work.session),
        kind_words=KIND_WORDS,
        kind=kind,
        name=name,
        done=done,
        problems=problems or {},
    )


@router.post("")
@endpoint(Permission.MANAGE_PEOPLE, form=True)
def add(work: Work, kind: Annotated[str, Form()] = "", name: Annotated[str, Form()] = "") -> Response:
    """A new partner or base."""
    problems = {}
    if kind not in {OrganisationKind.PARTNER, OrganisationKind.BASE}:
        problems["kind"] = work.gettext(CHOOSE_KIND)
    try:
        if not problems:
            create_organisation(work.session, OrganisationKind(kind), name, work.now, by=work.person_id)
    except (OrganisationNameNeeded, OrganisationNameTaken) as refused:
        problems["name"] = sentence_for(work.request, refused)
    if problems:
        return _page(work, kind=kind, name=name, problems=problems)
    return RedirectResponse("/admin/organisations?done=added", status_code=303)
