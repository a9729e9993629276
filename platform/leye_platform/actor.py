"""The person behind a request, with the roles they hold and where."""

from dataclasses import dataclass, field
from uuid import UUID

from leye_platform.accounts.rules import PARTNER_ROLES, OrganisationKind, Role
from leye_platform.permissions import GRANTS, Permission


@dataclass(frozen=True, slots=True)
class Standing:
    """One membership: a role in an organisation."""

    organisation_id: UUID
    kind: OrganisationKind
    role: Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `csrf_token` is None where the request carried a bearer token, which no page can forge.

    unread: how many notices wait in the inbox.
    """

    person_id: UUID
    number: int
    name: str
    staff_number: str | None
    standings: tuple[Standing, ...]
    must_change_password: bool = False
    csrf_token: str | None = None
    session_id: UUID | None = None
    unread: int = 0
    roles: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", frozenset(standing.role for standing in self.standings))

    def may(self, permission: Permission) -> bool:
        return any(permission in GRANTS[role] for role in self.roles)

    def partner_scope(self, permission: Permission) -> frozenset[UUID] | None:
        """The partner organisations whose things this permission reaches; None means all of them.

        A partner's people reach their own firm; the operator's people reach every firm.
        """
        holding = [standing for standing in self.standings if permission in GRANTS[standing.role]]
        if any(standing.role not in PARTNER_ROLES for standing in holding):
            return None
        return frozenset(standing.organisation_id for standing in holding)
