"""Mail that came in about a case: an event of its own, never a change of what is known.

A partner's mail opens a closed case again and is acknowledged; a machine's does neither.
"""

from __future__ import annotations

from datetime import datetime

from roamdesk.cases import settling
from roamdesk.cases.acknowledging import acknowledge
from roamdesk.cases.actors import INCOMING, Actor
from roamdesk.cases.attention import call_for_attention
from roamdesk.cases.changing import about, changing
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.correspondence.models import IncomingMail, Verdict
from roamdesk.desks.models import Desk
from roamdesk.partners.senders import known_sender

HERE = (Verdict.THREAD, Verdict.CALENDAR, Verdict.OPENED)


def about_reference(desk: Desk, reference: str) -> str:
    """What a reference in a subject is about, empty for none of the desk's own."""
    case = Case.objects.filter(desk=desk, reference=reference).first()
    return about(case) if case else ""


def mail_came(mail: IncomingMail) -> None:
    """Noted once for each mail (listener of correspondence, which may tell one twice). A bounce is told by its mail."""
    case = case_of(mail) if mail.verdict in HERE else None
    if case is None:
        return
    with changing(case, even_merged=True) as locked:
        if not locked.events.filter(kind="mail_came", data__mail=mail.pk).exists():
            what = "A machine's mail came in" if mail.automatic else "Mail came in"
            note_mail(locked, mail, f"{what}{_of_whom(locked, mail)}", INCOMING, mail.arrived_at)
            _open_again(locked, mail)
            acknowledge(locked, mail, mail.read_at or mail.arrived_at)


def _open_again(case: Case, mail: IncomingMail) -> None:
    """Somebody wants something still, and who has closed the case does not look there. A stranger opens nothing."""
    at = mail.read_at or mail.arrived_at
    if mail.automatic or case.state != Case.State.CLOSED or not (mail.answers or known_sender(case.desk, mail.sender)):
        return
    settling.open_again(case, INCOMING, at, f"a mail of {mail.sender or 'nobody'} came in")
    plan = settling.plan_of(case)
    settling.follow(case, plan, plan.duties, at)
    call_for_attention(
        case, f"A mail of {mail.sender or 'nobody'} came in after the case was closed: read it.", INCOMING, at
    )


def case_of(mail: IncomingMail) -> Case | None:
    """The case that the mail stands in. Runs in the desk's scope."""
    if not mail.about.startswith("case:"):
        return None
    return Case.objects.filter(pk=mail.about.removeprefix("case:")).select_related("desk", "partner").first()


def note_mail(case: Case, mail: IncomingMail, what: str, actor: Actor, at: datetime) -> None:
    """In a case that is being changed."""
    write(case, "mail_came", {"mail": mail.pk, "what": what}, actor, at)


def _of_whom(case: Case, mail: IncomingMail) -> str:
    """Whoever knows our reference can write it: a sender who is not the case's partner is said to be none."""
    sender = known_sender(case.desk, mail.sender)
    if sender is None:
        return " from an unknown sender"
    return "" if case.partner_id in (None, sender.partner.pk) else f" from {sender.partner}, who is not in this case"
