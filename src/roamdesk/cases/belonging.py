"""Which case a mail belongs to when it names no mail of ours: by the sender's own reference, else only maybe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse

from roamdesk.cases.changing import about
from roamdesk.cases.models import Case, PersonalValue
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.searching import cases_named
from roamdesk.cases.telling import key_of
from roamdesk.charging.lookup import evses_named
from roamdesk.charging.models import Evse
from roamdesk.correspondence.models import IncomingMail
from roamdesk.correspondence.parsing.mail import ParsedMail
from roamdesk.correspondence.ports import Filed
from roamdesk.desks.models import Desk
from roamdesk.identifiers import EvseId, IdentifierError, label_key
from roamdesk.partners.procedures import procedure_at, version_between, version_in_force
from roamdesk.partners.senders import Sender, known_sender
from roamdesk.procedure import Procedure
from roamdesk.procedure.understanding import Parts, Understanding, is_reference, understand

MOST_REFERENCES, MOST_MAYBES = 10, 5
_WORD = re.compile(r"[\w*+][\w*./-]{2,59}")


@dataclass(frozen=True)
class ReadMail:
    """A mail with whose it is, the procedure that it is read by, and what was understood."""

    mail: IncomingMail
    subject: str
    sender: Sender | None
    procedure: Procedure
    understood: Understanding


@dataclass(frozen=True)
class Maybe:
    """A case that a mail may belong to, and why: for a person to decide."""

    case: Case
    why: str


def read_closely(mail: IncomingMail, read: ParsedMail, case: Case | None = None) -> ReadMail:
    """By the procedure of its case, else by the one in force with the sender. Runs in the desk's scope."""
    sender = known_sender(mail.desk, mail.sender)
    at = mail.arrived_at
    if case:
        procedure = procedure_of(case)
    else:
        version = version_between(mail.desk, sender.partner, at) if sender else version_in_force(mail.desk, at)
        procedure = procedure_at(version.pk)
    zone = sender.partner.zone if sender else mail.desk.zone
    parts = Parts(read.bodies.text, read.bodies.html, read.bodies.templates, zone)
    return ReadMail(mail, read.subject, sender, procedure, _understood(procedure, parts))


@lru_cache(maxsize=4)
def _understood(procedure: Procedure, parts: Parts) -> Understanding:
    """The checks of one mail ask several times."""
    return understand(procedure, parts)


def by_their_reference(mail: IncomingMail, read: ParsedMail) -> Filed | None:
    """A partner's own reference, of a case with that partner; or ours, in its words (correspondence.ports)."""
    closely = read_closely(mail, read)
    if closely.sender is None:
        return None
    theirs = Case.objects.filter(desk=mail.desk, partner=closely.sender.partner).exclude(state=Case.State.MERGED)
    named = theirs.filter(reference=closely.understood.our_reference).first()
    if named:
        return Filed(f"Found by {named} in the mail of {closely.sender.partner}.", about(named))
    for reference in _references_in(closely):
        if case := _the_one(mail.desk, theirs, reference):
            return Filed(f"Found by {closely.sender.partner} and their reference {case.their_reference}.", about(case))
    return None


def _references_in(closely: ReadMail) -> Iterable[str]:
    words = [word.strip("./") for word in _WORD.findall(closely.subject) if is_reference(word)]
    told = [closely.understood.their_reference, *words]
    return list(dict.fromkeys(filter(None, told)))[:MOST_REFERENCES]


def _the_one(desk: Desk, theirs: QuerySet[Case], reference: str) -> Case | None:
    """The only open case with it, else the only one: of several a person chooses."""
    named = theirs.filter(pk__in=cases_named(desk, reference)).exclude(their_reference="")
    found = [case for case in named[:20] if key_of(case.their_reference) == key_of(reference)]
    still_open = [case for case in found if case.state == Case.State.OPEN]
    for cases in (still_open, found):
        if cases:
            return cases[0] if len(cases) == 1 else None
    return None


def evse_told(closely: ReadMail) -> Evse | None:
    """The one EVSE of ours or of a partner's that the mail names, in its template or its subject."""
    names = [closely.understood.values.get(name, "") for name in ("evse_id", "evse_label")]
    for name in [*names, *_evse_ids(closely.subject)]:
        found = evses_named(closely.mail.desk_id, label_key(name)) if name else []
        if len(found) == 1:
            return found[0]
    return None


def _evse_ids(subject: str) -> Iterator[str]:
    for word in _WORD.findall(subject):
        try:
            yield EvseId.parse(word).as_given
        except IdentifierError:
            continue


def maybe_cases(closely: ReadMail, at: datetime) -> list[Maybe]:
    """Cases about the same session, CDR, token or EVSE, open or within the procedure's window, the newest first.

    With a known sender those of other partners are left out.
    """
    window = closely.procedure.tolerances.get("same_matter", timedelta())
    near = Case.objects.filter(desk=closely.mail.desk).exclude(state=Case.State.MERGED)
    near = near.filter(Q(opened_at__gte=at - window) | Q(state=Case.State.OPEN))
    if closely.sender:
        near = near.filter(Q(partner=closely.sender.partner) | Q(partner=None))
    found: dict[int, Maybe] = {}
    for why, cases in _same(closely, near):
        for case in cases.order_by("-opened_at")[:MOST_MAYBES]:
            found.setdefault(case.pk, Maybe(case, why))
    return sorted(found.values(), key=lambda each: each.case.opened_at, reverse=True)[:MOST_MAYBES]


def _same(closely: ReadMail, near: QuerySet[Case]) -> Iterator[tuple[str, QuerySet[Case]]]:
    told, desk = closely.understood.values, closely.mail.desk
    for name, title in (("cdr_id", "CDR"), ("session_id", "session")):
        if told.get(name):
            yield f"the same {title}", near.filter(**{f"known__values__{name}": told[name]})
    if key := key_of(told.get("token", "")):
        values = PersonalValue.objects.filter(desk=desk, field="token", key=key).alias(backwards=Reverse("key"))
        yield "the same token", near.filter(pk__in=values.filter(backwards__startswith=key[::-1]).values("case"))
    for name in [*(told.get(name, "") for name in ("evse_id", "evse_label")), *_evse_ids(closely.subject)]:
        if name:
            yield "the same EVSE", near.filter(pk__in=cases_named(desk, name))
