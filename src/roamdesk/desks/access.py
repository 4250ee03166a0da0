"""The one access gate: who may do what at which desk.

Every model that belongs to a desk has ``objects = ScopedManager(desk="desk")``: a query outside
``scope(desk=…)`` raises ``ScopeError``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.http import Http404

from roamdesk.desks.models import Desk, Membership, Person, Role


class Right(StrEnum):
    READ = "read"
    HANDLE_CASES = "handle cases"
    COMMAND_STATIONS = "command stations"
    REVEAL = "reveal personal data"
    LEAD = "lead the team"
    KEEP_PARTNERS = "keep partners"
    ADMINISTER = "administer the desk"


_HANDLING = frozenset({Right.READ, Right.HANDLE_CASES, Right.COMMAND_STATIONS, Right.REVEAL})
RIGHTS: dict[str, frozenset[Right]] = {
    Role.OPERATOR: _HANDLING,
    Role.BACK_OFFICE: frozenset({Right.READ, Right.HANDLE_CASES, Right.REVEAL}),
    Role.PARTNER_MANAGER: frozenset({Right.READ, Right.KEEP_PARTNERS}),
    Role.TEAM_LEAD: _HANDLING | {Right.LEAD},
    Role.AUDITOR: frozenset({Right.READ}),
    Role.ADMINISTRATOR: frozenset(Right),
}


@dataclass(frozen=True)
class Access:
    """A person at a desk with what the roles allow."""

    person: Person
    desk: Desk
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raises PermissionDenied with the missing right in words."""
        if right not in self.rights:
            raise PermissionDenied(f"Your role at {self.desk} does not allow to {right}. Ask a team lead.")

    @property
    def reads_only(self) -> bool:
        return self.rights == {Right.READ}


def access_to(person: Person, desk_slug: str) -> Access:
    """The gate. A stranger is told that there is no such desk, as for one that does not exist.

    Raises Http404 for a stranger.
    """
    membership = (
        Membership.objects.select_related("desk").filter(person=person, desk__slug=desk_slug).first()
        if person.is_active
        else None
    )
    if membership is None:
        raise Http404("There is no such desk.")
    rights = frozenset[Right]().union(*(RIGHTS[role] for role in membership.roles))
    return Access(person, membership.desk, rights | {Right.READ})
