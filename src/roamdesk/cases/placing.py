"""A mail finds its case: a person places it, or a case is opened from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scope

from roamdesk.cases.acknowledging import acknowledge
from roamdesk.cases.actors import Actor
from roamdesk.cases.changing import about, changing
from roamdesk.cases.errors import Refused
from roamdesk.cases.incoming import case_of, note_mail
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.cases.services import open_case
from roamdesk.correspondence import conversations
from roamdesk.correspondence.models import IncomingMail, Verdict
from roamdesk.desks.models import Desk
from roamdesk.partners.senders import Sender, known_sender
from roamdesk.procedure.model import Side


def place_mail(mail: IncomingMail, case: Case, *, actor: Actor, at: datetime) -> Case:
    """A person says that a mail belongs to a case. One that stood in another is taken from there; both keep it noted.

    Raises Refused for a mail of another desk, one that is not read yet, a copy, our own, and a merged case.
    """
    with scope(desk=case.desk), transaction.atomic():
        locked = _placeable(mail, case.desk)
        before = case_of(locked)
        if before == case:
            return case
        # Always in this order: two who move mails between the same two cases wait for each other.
        for each in sorted((case, *([before] if before else [])), key=lambda one: one.pk):
            if each == case:
                _arrive(each, locked, actor, at)
            else:
                _leave(each, locked, case, actor, at)
        _stand(locked, case, Verdict.PLACED, f"Placed by {actor.name}.")
    return case


def open_case_from(mail: IncomingMail, *, actor: Actor, at: datetime, side: str = "") -> Case:
    """A new case with the mail in it: by the partner whom its sender belongs to, else by someone else.

    ``side`` where the desk plays both and the sender does not tell. Raises Refused for a mail that stands in a case
    already, and as ``place_mail``.
    """
    with scope(desk=mail.desk), transaction.atomic():
        locked = _placeable(mail, mail.desk)
        if before := case_of(locked):
            raise Refused(f"This mail stands in {before} already. Place it elsewhere if it does not belong there.")
        sender = known_sender(mail.desk, mail.sender)
        case = open_case(
            mail.desk,
            side=side or _side(mail.desk, sender),
            facts={"caller": "partner_mail" if sender else "other"},
            actor=actor,
            at=at,
            partner=sender.partner if sender else None,
        )
        _arrive(case, locked, actor, at)
        _stand(locked, case, Verdict.OPENED, f"{case} was opened for it by {actor.name}.")
    return case


def _placeable(mail: IncomingMail, desk: Desk) -> IncomingMail:
    """The mail, locked."""
    found = IncomingMail.objects.filter(pk=mail.pk, desk=desk).select_related("desk")
    locked: IncomingMail | None = found.select_for_update(of=("self",)).first()
    if locked is None:
        raise Refused("Choose a case and a mail of the same desk.")
    if locked.state != IncomingMail.State.READ:
        raise Refused("This mail could not be read yet. Have it read again first.")
    if locked.verdict in (Verdict.COPY, Verdict.OURS):
        raise Refused(f"{locked.get_verdict_display()}: it cannot be placed. Place the other one.")
    return locked


def _arrive(case: Case, mail: IncomingMail, actor: Actor, at: datetime) -> None:
    with changing(case) as locked:
        note_mail(locked, mail, f"Mail of {mail.sender or 'nobody'} placed here", actor, at)
        acknowledge(locked, mail, at)


def _leave(case: Case, mail: IncomingMail, to: Case, actor: Actor, at: datetime) -> None:
    with changing(case, even_merged=True) as locked:
        write(locked, "mail_left", {"mail": mail.pk, "to": to.reference}, actor, at)


def _stand(mail: IncomingMail, case: Case, verdict: Verdict, reason: str) -> None:
    mail.about, mail.verdict, mail.reason = about(case), verdict, reason[:500]
    mail.save(update_fields=["about", "verdict", "reason"])
    conversations.file(mail, looked_at=True)


def _side(desk: Desk, sender: Sender | None) -> str:
    """The part that we play towards the role in which the sender's form names the address."""
    roles = (sender.roles or frozenset(sender.partner.roles)) if sender else frozenset()
    return next((side for side in desk.sides if Side(side).other in roles), desk.sides[0])
