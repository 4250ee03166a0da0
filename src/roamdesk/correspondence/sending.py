"""One attempt to hand a message to the relay, step by step, so that each outcome is told apart (RFC 5321).

Until the final dot is sent the relay owes nothing and a retry is safe. After it, only the relay's answer
tells; silence is unknown.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings

from roamdesk.correspondence import enclosing
from roamdesk.correspondence.addresses import tagged
from roamdesk.correspondence.models import Fate, Message

# Relays without 8BITMIME exist; seven bits pass everywhere.
_POLICY = SMTP.clone(cte_type="7bit")

# A fault of our settings, not of the message (RFC 4954): the mail waits until they are mended.
_LOGIN_WANTED = frozenset({530, 534, 535, 538})


@dataclass(frozen=True)
class Relay:
    """Where mail goes. Timeouts in seconds, ``answer_timeout`` is the wait after the final dot."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    timeout: float = 20
    answer_timeout: float = 120


@dataclass(frozen=True)
class Handover:
    """What one attempt decided: fates of addresses (an absent one is as before), and the relay's words."""

    fates: dict[str, Fate]
    reply: str


class FencedOff(Exception):
    """Another worker has taken the message over; this one must not finish it."""


def relay_from_settings() -> Relay:
    """The relay of Django's ``EMAIL_*`` settings."""
    return Relay(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        starttls=settings.EMAIL_USE_TLS,
        tls=settings.EMAIL_USE_SSL,
        timeout=settings.EMAIL_TIMEOUT or Relay.timeout,
        answer_timeout=getattr(settings, "EMAIL_ANSWER_TIMEOUT", Relay.answer_timeout),
    )


def compose(message: Message) -> EmailMessage:
    """The mail of an outbox row; every attempt composes the same bytes, Message-ID and date included."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(" ".join(message.desk.name.split()), addr_spec=message.mail_from)
    mail["To"] = [Address(addr_spec=address) for address in message.to]
    if settings.MAIL_TAGS:
        mail["Reply-To"] = Address(addr_spec=tagged(message.mail_from, message.pk))
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.queued_at)
    mail["Message-ID"] = message.message_id
    for name, value in _marks_of_a_machine(message):
        mail[name] = value
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    if message.calendar:
        _add_invitation(mail, message.calendar)
    enclosing.enclose(mail, message)
    enclosing.set_boundaries(mail, message.message_id)
    return mail


def _marks_of_a_machine(message: Message) -> list[tuple[str, str]]:
    """What keeps other machines from answering. A notice still wants its bounces; a reply wants nothing back."""
    origin = Message.Origin(message.origin)
    if origin is Message.Origin.PERSON:
        return []
    replies = origin is Message.Origin.REPLIED
    marks = [("Auto-Submitted", f"auto-{origin}"), ("X-Roamdesk-Automatic", str(origin))]
    marks.append(("X-Auto-Response-Suppress", "All" if replies else "OOF, AutoReply"))
    return [*marks, ("Precedence", "bulk")] if replies else marks


def _add_invitation(mail: EmailMessage, calendar: str) -> None:
    """As an alternative to the text, so that mail clients show it as an invitation (RFC 6047)."""
    method = re.search(r"(?m)^METHOD:([A-Z]+)\r?$", calendar)
    mail.add_alternative(calendar.encode(), maintype="text", subtype="calendar", cte="base64")
    part = mail.get_payload()[-1]  # type: ignore[index]
    part.set_param("charset", "utf-8")  # type: ignore[union-attr]
    part.set_param("method", method[1] if method else "PUBLISH")  # type: ignore[union-attr]


def hand_over(
    relay: Relay,
    mail: EmailMessage,
    sender: str,
    addresses: Sequence[str],
    before_dot: Callable[[list[str]], None],
) -> Handover:
    """Give ``mail`` to ``relay`` for ``addresses``; an empty ``sender`` is the null one.

    ``before_dot`` is called with the addresses in the envelope after the content and before the final dot;
    it must record them durably. What it raises breaks the attempt off before the relay owns the mail.
    """
    fates: dict[str, Fate] = {}
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _connect(relay, mail["From"].addresses[0].domain)
        envelope, reply = _open_envelope(smtp, sender, addresses, fates)
        if envelope:
            _send_content(smtp, mail.as_bytes(policy=_POLICY))
            before_dot(envelope)
            final, words = _finish(smtp, relay, envelope)
            fates, reply = fates | final, f"{words}; {reply}".rstrip("; ")
        return Handover(fates, reply)
    except _Answered as answer:
        return Handover(fates | answer.fates, answer.reply)
    except (OSError, smtplib.SMTPException) as trouble:
        return Handover(fates, _words(trouble))
    finally:
        _hang_up(smtp)


class _Answered(Exception):
    """The relay ended the attempt with a reply before it took the content."""

    def __init__(self, fates: dict[str, Fate], reply: str) -> None:
        self.fates, self.reply = fates, reply


def _connect(relay: Relay, our_name: str) -> smtplib.SMTP:
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if relay.tls:
        smtp = smtplib.SMTP_SSL(relay.host, relay.port, our_name, timeout=relay.timeout, context=context)
    else:
        smtp = smtplib.SMTP(relay.host, relay.port, our_name, timeout=relay.timeout)
    try:
        if relay.starttls:
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if relay.user:
            smtp.login(relay.user, relay.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _open_envelope(
    smtp: smtplib.SMTP, sender: str, addresses: Sequence[str], fates: dict[str, Fate]
) -> tuple[list[str], str]:
    """The addresses the relay takes; refused ones go to ``fates``, put-off ones stay pending."""
    code, text = smtp.mail(sender)
    if code in _LOGIN_WANTED:
        raise smtplib.SMTPResponseException(code, text)
    if code != 250:
        raise _Answered(_fates_of(code, addresses), _reply(code, text))
    envelope, reply = [], ""
    for address in addresses:
        code, text = smtp.rcpt(address)
        if code in (250, 251):
            envelope.append(address)
        else:
            fates |= _fates_of(code, [address])
            reply = f"{address}: {_reply(code, text)}"
        if code == 421:
            raise _Answered({}, reply)
    if envelope:
        code, text = smtp.docmd("DATA")
        if code != 354:
            raise _Answered(_fates_of(code, envelope), _reply(code, text))
    return envelope, reply


def _send_content(smtp: smtplib.SMTP, content: bytes) -> None:
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")


def _finish(smtp: smtplib.SMTP, relay: Relay, envelope: list[str]) -> tuple[dict[str, Fate], str]:
    """Send the final dot and hear the answer. Silence and gibberish are unknown, never a yes or a no."""
    unknown = dict.fromkeys(envelope, Fate.UNKNOWN)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(relay.answer_timeout)
        smtp.send(b".\r\n")
        code, text = smtp.getreply()
    except (OSError, smtplib.SMTPException) as trouble:
        return unknown, f"No answer after the message was handed over: {_words(trouble)}"
    return (_fates_of(code, envelope) if code // 100 in (2, 4, 5) else unknown), _reply(code, text)


def _fates_of(code: int, addresses: Sequence[str]) -> dict[str, Fate]:
    fate = {2: Fate.ACCEPTED, 5: Fate.REFUSED}.get(code // 100, Fate.PENDING)
    return dict.fromkeys(addresses, fate)


def _reply(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace')}".replace("\x00", "").replace("\n", " ")


def _words(trouble: Exception) -> str:
    if isinstance(trouble, smtplib.SMTPResponseException):
        text = trouble.smtp_error
        return _reply(trouble.smtp_code, text if isinstance(text, bytes) else text.encode())
    return str(trouble) or type(trouble).__name__


def _hang_up(smtp: smtplib.SMTP | None) -> None:
    """Close without the round trip of QUIT: the outcome must be written down first."""
    if smtp is not None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.close()
