"""Organisations, as the administrator keeps them: partners and bases are made here."""

import re
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.directory import organisations
from leye_platform.accounts.errors import OrganisationNameNeeded, OrganisationNameTaken
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.holdings.limits import in_words, partner_named, set_limit, storage_of
from leye_platform.holdings.rules import in_units
from leye_platform.permissions import Permission
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/admin/organisations", include_in_schema=False)

KIND_WORDS: dict[OrganisationKind, str] = {
    OrganisationKind.OPERATOR: N_("运营方"),
    OrganisationKind.BASE: N_("基地"),
    OrganisationKind.PARTNER: N_("合作企业"),
}
GIGABYTE = 10**9
LIMIT_IN_GIGABYTES = N_("请填一个数，单位是 GB，最多三位小数，例如 200；照一般的上限就不填。")
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


@router.get("/{organisation_id}")
@endpoint(Permission.MANAGE_PEOPLE)
def show(work: Work, organisation_id: UUID, done: str = "") -> Response:
    """One partner firm: how much it has in the store, and how much it may have."""
    return _storage_page(work, organisation_id, done=done)


def _storage_page(
    work: Work, organisation_id: UUID, *, typed: str | None = None, problem: str = "", done: str = ""
) -> Response:
    organisation, usual = partner_named(work.session, organisation_id), work.installation.settings.partner_storage
    limit = organisation.storage_limit
    return work.page(
        "accounts/organisation.html",
        status=422 if problem else 200,
        organisation=organisation,
        storage=in_words(storage_of(work.session, organisation, usual)),
        typed=("" if limit is None else f"{limit / GIGABYTE:g}") if typed is None else typed,
        usual=in_units(usual),
        problems={"limit": problem} if problem else {},
        done=done,
    )


@router.post("/{organisation_id}")
@endpoint(Permission.MANAGE_PEOPLE, form=True)
def change_storage(work: Work, organisation_id: UUID, limit: Annotated[str, Form()] = "") -> Response:
    """Change how much a firm may have; left empty, the usual."""
    typed, wanted = limit.strip(), None
    if typed:
        if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", typed, re.ASCII):
            problem = work.gettext(LIMIT_IN_GIGABYTES)
            return _storage_page(work, organisation_id, typed=limit, problem=problem)
        wanted = int(Decimal(typed) * GIGABYTE)
    usual = work.installation.settings.partner_storage
    set_limit(work.session, work.actor, organisation_id, wanted, usual, now=work.now)
    return RedirectResponse(f"/admin/organisations/{organisation_id}?done=1", status_code=303)


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
