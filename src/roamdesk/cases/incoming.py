"""Mail that came in about a case: an event of its own, never a change of what is known, never an opening."""

from __future__ import annotations

from roamdesk.cases.actors import INCOMING
from roamdesk.cases.changing import about, changing
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.correspondence.models import IncomingMail, Verdict
from roamdesk.desks.models import Desk


def about_reference(desk: Desk, reference: str) -> str:
    """What a reference in a subject is about, empty for none of the desk's own."""
    case = Case.objects.filter(desk=desk, reference=reference).first()
    return about(case) if case else ""


def mail_came(mail: IncomingMail) -> None:
    """Noted once for each mail (listener of correspondence, which may tell one twice). A bounce is told by its mail."""
    if mail.verdict not in (Verdict.THREAD, Verdict.CALENDAR) or not mail.about.startswith("case:"):
        return
    case = Case.objects.filter(pk=mail.about.removeprefix("case:")).select_related("desk").first()
    if case is None:
        return
    with changing(case, even_merged=True) as locked:
        if not locked.events.filter(kind="mail_came", data__mail=mail.pk).exists():
            what = "A machine's mail came in" if mail.automatic else "Mail came in"
            write(locked, "mail_came", {"mail": mail.pk, "what": what}, INCOMING, mail.arrived_at)
