"""A mail finds its case: a person places it, or a case is opened from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scope

from roamdesk.cases.acknowledging import acknowledge
from roamdesk.cases.actors import INCOMING, Actor
from roamdesk.cases.belonging import ReadMail, evse_told, maybe_cases, read_closely
from roamdesk.cases.changing import about, changing
from roamdesk.cases.errors import Refused
from roamdesk.cases.incoming import case_of, note_mail
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.cases.services import open_case
from roamdesk.cases.teamwork import LONGEST_REFERENCE
from roamdesk.correspondence import conversations
from roamdesk.correspondence.models import IncomingMail, Verdict
from roamdesk.correspondence.parsing.mail import ParsedMail, parse
from roamdesk.correspondence.ports import Filed
from roamdesk.desks.models import Desk
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
        closely = read_closely(locked, parse(bytes(locked.raw)))
        case = _opened(closely, side or _side(closely), actor, at)
        _arrive(case, locked, actor, at)
        _stand(locked, case, Verdict.OPENED, f"{case} was opened for it by {actor.name}.")
    return case


def open_case_for(mail: IncomingMail, read: ParsedMail) -> Filed | None:
    """A partner's mail about nothing that we know opens a case (correspondence.ports); a stranger's waits for a person.

    So does one that may belong to a case of that partner: then a person chooses.
    """
    closely = read_closely(mail, read)
    if closely.sender is None:
        return None
    maybes = maybe_cases(closely, mail.arrived_at)
    if maybes:
        told = ", ".join(f"{each.case} ({each.why})" for each in maybes)
        return Filed(f"It may belong to {told}.")
    try:
        case = _opened(closely, _side(closely), INCOMING, mail.arrived_at)
    except Refused as refused:
        return Filed(f"No case could be opened for it: {refused}")
    return Filed(f"{case} was opened for it: {closely.sender.partner} wrote about nothing that we knew.", about(case))


def _opened(closely: ReadMail, side: str, actor: Actor, at: datetime) -> Case:
    """What is understood stays a proposal, the problem as well: nobody has proved who wrote."""
    facts = {"caller": "partner_mail" if closely.sender else "other"}
    return open_case(
        closely.mail.desk,
        side=side,
        facts={name: value for name, value in facts.items() if name in closely.procedure.facts},
        actor=actor,
        at=at,
        partner=closely.sender.partner if closely.sender else None,
        evse=evse_told(closely),
        their_reference=closely.understood.their_reference[:LONGEST_REFERENCE],
    )


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


def _side(closely: ReadMail) -> str:
    """The part that we play: at an EVSE of ours the CPO, else towards the role in which the sender's form names it."""
    desk, sender, evse = closely.mail.desk, closely.sender, evse_told(closely)
    if evse and evse.partner_id is None and desk.plays_cpo:
        return Side.CPO
    roles = (sender.roles or frozenset(sender.partner.roles)) if sender else frozenset()
    return next((side for side in desk.sides if Side(side).other in roles), desk.sides[0])
