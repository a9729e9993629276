"""Who may do what: one table. Every route names a permission; services narrow it to what is the actor's own."""

from enum import StrEnum

from leye_platform.accounts.rules import Role


class Permission(StrEnum):
    PUBLIC = "public"
    OWN_ACCOUNT = "own_account"
    READ_GUIDE = "read_guide"
    WORK = "work"
    LABEL = "label"
    OWN_EARNINGS = "own_earnings"
    REVIEW = "review"
    VIEW_PROJECTS = "view_projects"
    MANAGE_PROJECTS = "manage_projects"
    MAKE_PROJECT = "make_project"
    WRITE_GUIDE = "write_guide"
    UPLOAD_BATCH = "upload_batch"
    VIEW_BATCH = "view_batch"
    RUN_BATCH = "run_batch"
    VIEW_LOT = "view_lot"
    SETTLE_LOT = "settle_lot"
    CUT_LOT = "cut_lot"
    EXPORT = "export"
    SET_RETENTION = "set_retention"
    ERASE_DATA = "erase_data"
    WEBHOOKS = "webhooks"
    VIEW_INVOICE = "view_invoice"
    FINANCE = "finance"
    VIEW_TEAM = "view_team"
    MANAGE_TEAMS = "manage_teams"
    RESET_PASSWORD = "reset_password"  # noqa: S105 -- a permission's name
    MANAGE_PEOPLE = "manage_people"
    ADMINISTER = "administer"
    STYLEGUIDE = "styleguide"


_P = Permission
_SIGNED_IN = frozenset({_P.PUBLIC, _P.OWN_ACCOUNT, _P.READ_GUIDE})
_PARTNER = frozenset({_P.VIEW_BATCH, _P.VIEW_LOT})
_OWN_PROJECTS = frozenset(
    {_P.LABEL, _P.MAKE_PROJECT, _P.WRITE_GUIDE, _P.UPLOAD_BATCH, _P.RUN_BATCH, _P.EXPORT, _P.WEBHOOKS}
)
_ALL_OF_PARTNER = _PARTNER | _OWN_PROJECTS | {_P.SETTLE_LOT, _P.VIEW_INVOICE, _P.SET_RETENTION, _P.ERASE_DATA}
_COORDINATOR = frozenset(
    {
        _P.LABEL,
        _P.VIEW_PROJECTS,
        _P.MANAGE_PROJECTS,
        _P.MAKE_PROJECT,
        _P.WRITE_GUIDE,
        _P.UPLOAD_BATCH,
        _P.VIEW_BATCH,
        _P.RUN_BATCH,
        _P.VIEW_LOT,
        _P.CUT_LOT,
        _P.EXPORT,
        _P.SET_RETENTION,
        _P.WEBHOOKS,
        _P.VIEW_TEAM,
        _P.MANAGE_TEAMS,
        _P.RESET_PASSWORD,
        _P.STYLEGUIDE,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: _SIGNED_IN | _COORDINATOR | {_P.VIEW_INVOICE, _P.MANAGE_PEOPLE, _P.ADMINISTER, _P.ERASE_DATA},
    Role.COORDINATOR: _SIGNED_IN | _COORDINATOR,
    Role.FINANCE: _SIGNED_IN | {_P.VIEW_PROJECTS, _P.VIEW_BATCH, _P.VIEW_LOT, _P.VIEW_INVOICE, _P.FINANCE},
    Role.REVIEWER: _SIGNED_IN | {_P.REVIEW, _P.OWN_EARNINGS},
    Role.LEADER: _SIGNED_IN | {_P.WORK, _P.LABEL, _P.OWN_EARNINGS, _P.VIEW_TEAM, _P.RESET_PASSWORD},
    Role.ANNOTATOR: _SIGNED_IN | {_P.WORK, _P.LABEL, _P.OWN_EARNINGS},
    Role.PARTNER_ADMIN: _SIGNED_IN | _ALL_OF_PARTNER,
    Role.PARTNER_QA: _SIGNED_IN | _PARTNER | {_P.LABEL, _P.WRITE_GUIDE, _P.SETTLE_LOT, _P.EXPORT},
    Role.PARTNER_FINANCE: _SIGNED_IN | _PARTNER | {_P.VIEW_INVOICE},
    Role.PARTNER_ENGINEER: _SIGNED_IN | _PARTNER | _OWN_PROJECTS,
}


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that hold a permission."""
    return frozenset(role for role, granted in GRANTS.items() if permission in granted)
