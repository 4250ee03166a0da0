"""Whom the mail of a duty reaches: its groups of recipients, the addresses that are left, and who knows by it.

A group, such as the MSP's focal points, knows what a mail tells once one of its addresses was accepted and no other
is on its way. An address that came back is not written to again until somebody verified it; where all of a group
came back, the next address of the contact form stands in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roamdesk.cases.changing import about
from roamdesk.cases.models import Case
from roamdesk.correspondence.models import Fate, Message
from roamdesk.partners.models import ContactLine
from roamdesk.partners.selectors import addresses, stand_ins
from roamdesk.procedure.model import MessageTemplate

RECIPIENTS = {
    "msp_support": "MSP support",
    "msp_fp": "focal points of the MSP",
    "cpo_fp": "focal points of the CPO",
    "msp_backoffice": "the MSP's back office",
    "cpo_backoffice": "the CPO's back office",
    "partner_backoffice": "the back office",
}
GONE = frozenset({Fate.BOUNCED, Fate.REFUSED})


@dataclass(frozen=True)
class Group:
    """One recipient of a mail that was queued: its addresses with their fates, and what it then knows."""

    recipient: str
    fates: dict[str, Fate]
    values: dict[str, Any]

    @property
    def knows(self) -> bool:
        seen = set(self.fates.values())
        return Fate.ACCEPTED in seen and seen <= {Fate.ACCEPTED, *GONE}

    @property
    def lost(self) -> bool:
        """Nobody of them has it, and nothing is on its way."""
        return bool(self.fates) and set(self.fates.values()) <= GONE

    @property
    def came_back(self) -> bool:
        return self.lost and Fate.BOUNCED in self.fates.values()


def groups(message: Message) -> list[Group]:
    return [
        Group(
            group.get("recipient", ""),
            {address: Fate(message.fates.get(address, Fate.PENDING)) for address in group["to"]},
            group["values"],
        )
        for group in message.tells.get("groups", [])
    ]


def told_by(message: Message) -> dict[str, Any]:
    """What its recipients know by it."""
    return {name: value for group in groups(message) if group.knows for name, value in group.values.items()}


def still_tells(message: Message) -> bool:
    """It arrived or is on its way to everyone: nobody has to be written to again."""
    return message.state != Message.State.REFUSED and not any(group.lost for group in groups(message))


def recipients(case: Case, template: MessageTemplate) -> dict[str, list[str]]:
    """By recipient, the addresses that the mail would go to now; whoever knows it already is left out."""
    known = case.known["values"]
    waiting = [name for name, told in template.tells.items() if any(known.get(fact) != told[fact] for fact in told)]
    return {name: addresses_left(case, name) for name in waiting or template.tells}


def addresses_left(case: Case, recipient: str) -> list[str]:
    """Those of the recipient that did not come back, else the first that stands in for them."""
    if case.partner is None:
        return []
    bad, named = dead_addresses(case), of_partner(case, recipient)
    own = [address for address in addresses(case.partner, named) if address not in bad]
    if own or not bad:
        return own
    return [address for address in stand_ins(case.partner, named) if address not in bad][:1]


def of_partner(case: Case, recipient: str) -> str:
    """``partner_backoffice`` is that of the side which we do not play."""
    return recipient.replace("partner_", f"{other_side(case)}_")


def other_side(case: Case) -> str:
    return "cpo" if case.side == "msp" else "msp"


def dead_addresses(case: Case) -> dict[str, datetime]:
    """The addresses of the partner from which a mail of this case came back, and when; verified since, they live."""
    back = dict(_bounced(case))
    lines = ContactLine.objects.filter(partner=case.partner_id, value__in=back) if back else []
    alive = {line.value for line in lines if line.verified_at and line.verified_at > back[line.value]}
    return {address: at for address, at in back.items() if address not in alive}


def _bounced(case: Case) -> Iterator[tuple[str, datetime]]:
    for message in Message.objects.filter(about=about(case), heard_at__isnull=False).order_by("heard_at"):
        for address in message.addresses(Fate.BOUNCED):
            yield address, message.heard_at or message.queued_at
