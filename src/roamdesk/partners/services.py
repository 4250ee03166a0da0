"""The verbs of partners: keep a contact line, note that it answered."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from roamdesk.partners.models import ContactLine, Partner


def line_answered(line: ContactLine, at: datetime) -> None:
    """Somebody picked up on this line at ``at`` (UTC); an earlier instant changes nothing."""
    _freshen(ContactLine.objects.filter(pk=line.pk), at)


def number_answered(partner: Partner, number: str, at: datetime) -> None:
    """As ``line_answered`` for every line of the partner with this number."""
    _freshen(ContactLine.objects.filter(partner=partner, channel=ContactLine.Channel.PHONE, value=number), at)


def _freshen(lines: QuerySet[ContactLine], at: datetime) -> None:
    lines.filter(Q(last_answered_at__isnull=True) | Q(last_answered_at__lt=at)).update(last_answered_at=at)
