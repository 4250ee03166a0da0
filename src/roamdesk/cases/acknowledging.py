"""The acknowledgement of a mail: once for each case and correspondent, to a person only, never beyond the budget."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.template.loader import render_to_string

from roamdesk.cases.actors import INCOMING
from roamdesk.cases.attention import call_for_attention
from roamdesk.cases.changing import about
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, MailReading
from roamdesk.cases.procedures import procedure_of
from roamdesk.correspondence import budgets
from roamdesk.correspondence import services as correspondence
from roamdesk.correspondence.addresses import MailRefused, untagged
from roamdesk.correspondence.answering import reply_subject, threaded
from roamdesk.correspondence.models import IncomingMail, Message, Verdict
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.senders import Sender, known_sender
from roamdesk.procedure.understanding import Part

DAY = timedelta(days=1)
ECHO = (
    "it opened a case without any line of the template, within a day of an acknowledgement of ours to that partner. "
    "A machine may have written it."
)
LANGUAGES = ("en", "it", "de", "fr")


def acknowledge(case: Case, mail: IncomingMail, at: datetime) -> None:
    """In a case that is being changed; nothing leaves where the desk does not want it, and no machine is answered."""
    if mail.automatic or not budgets.rules_of(case.desk).acknowledges:
        return
    sender = _sender(case, mail)
    if sender is None or Message.objects.filter(desk=case.desk, key=_key(case, sender.partner)).exists():
        return
    if _may_be_an_echo(case, mail, sender.partner, at):
        write(case, "not_performed", {"because": f"Not acknowledged: {ECHO}"}, INCOMING, at)
        return
    try:
        message = _queue(case, mail, sender.partner, at)
    except MailRefused as refused:
        write(case, "not_performed", {"because": str(refused)}, INCOMING, at)
        call_for_attention(case, f"An acknowledgement did not leave. {refused}", INCOMING, at)
        return
    write(case, "acknowledged", {"message": message.pk, "to": mail.sender}, INCOMING, at)


def _sender(case: Case, mail: IncomingMail) -> Sender | None:
    """None for a stranger: whoever can invent a sender must not have us write to it."""
    box = untagged(mail.sender)[0]
    if box == untagged(case.desk.mail_from)[0]:
        return None
    return known_sender(case.desk, mail.sender) or known_sender(case.desk, box)


def _may_be_an_echo(case: Case, mail: IncomingMail, partner: Partner, at: datetime) -> bool:
    """An answer to our acknowledgement, with no header that tells it, looks like a new matter, again and again."""
    if mail.verdict != Verdict.OPENED:
        return False
    acknowledged = Message.objects.filter(desk=mail.desk, partner=partner, origin=Message.Origin.REPLIED)
    return acknowledged.filter(queued_at__gt=at - DAY).exists() and not _bears_the_template(case, mail)


def _bears_the_template(case: Case, mail: IncomingMail) -> bool:
    """In words of its own: a machine that quotes our mail quotes its lines too."""
    names = {field.name for field in procedure_of(case).template}
    readings = MailReading.objects.filter(mail=mail).values_list("proposals", flat=True)
    return any(each["name"] in names and each["part"] != Part.QUOTE for found in readings for each in found)


def _key(case: Case, partner: Partner) -> str:
    """The partner is the correspondent: its machines change addresses and tags as they like."""
    return f"{about(case)}:ack:{partner.pk}"


def _queue(case: Case, mail: IncomingMail, partner: Partner, at: datetime) -> Message:
    content = {"case": case, "mail": mail}
    text = render_to_string(f"cases/acknowledgement.{language_of(partner, mail.sender)}.txt", content)
    return correspondence.queue_message(
        case.desk,
        about=about(case),
        key=_key(case, partner),
        to=[mail.sender],
        subject=reply_subject(mail.subject, case.reference),
        text=text,
        headers={"X-Roamdesk-Case": case.reference, **threaded([mail.message_id], mail.message_id)},
        partner=partner,
        origin=Message.Origin.REPLIED,
        by_itself=True,
        at=at,
    )


def language_of(partner: Partner, address: str) -> str:
    """The first language of the address's line that we can write in, else of the back office's, else English (S2)."""
    mails = [line for line in partner.lines.all() if line.channel == ContactLine.Channel.MAIL]
    mails.sort(key=lambda line: (line.value.lower() != address.lower(), line.purpose != "back_office", line.priority))
    spoken = [language for line in mails[:1] for language in line.languages]
    return next((language for language in spoken if language in LANGUAGES), "en")
