"""How the mail of each desk is doing, for Prometheus: read from the rows, so every process says the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.db import DatabaseError
from django_scopes import scope
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

MAIL = {
    "alarms": "Things about mail that a person has to look at",
    "quarantined": "Mails that cannot be read",
    "unread": "Mails stored and not read yet",
    "unsent": "Mails not sent yet",
    "unknown": "Mails of the last 7 days handed over without an answer",
    "refused": "Mails of the last 7 days that the relay refused",
    "bounced": "Mails of the last 7 days that came back",
}
MAILBOX = {
    "failures": "Failures in a row; 0 is fine",
    "missing": "Mails that the server lists and does not hand over",
    "in_folder": "Mails in the folder at the last fetch",
}


class MailCollector(Collector):
    """A scrape while the database is away has everything else."""

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        try:
            yield from _metrics(datetime.now(UTC))
        except DatabaseError:
            return


def _metrics(now: datetime) -> list[Metric]:
    from roamdesk.correspondence.health import mail_health
    from roamdesk.desks.models import Desk

    mail = {name: GaugeMetricFamily(f"roamdesk_mail_{name}", told, labels=["desk"]) for name, told in MAIL.items()}
    ages = {
        f"oldest_{name}": GaugeMetricFamily(
            f"roamdesk_mail_oldest_{name}_seconds", f"Age of the oldest {name} mail; 0: none", labels=["desk"]
        )
        for name in ("unread", "unsent")
    }
    labels = ["desk", "mailbox"]
    box = {name: GaugeMetricFamily(f"roamdesk_mailbox_{name}", told, labels=labels) for name, told in MAILBOX.items()}
    fetched = GaugeMetricFamily(
        "roamdesk_mailbox_last_fetch_timestamp_seconds", "The last good fetch; 0: never", labels=labels
    )
    gaps = CounterMetricFamily("roamdesk_mailbox_passed_over", "Mails that a comparison found missing", labels=labels)
    for desk in Desk.objects.order_by("slug"):
        with scope(desk=desk):
            found = mail_health(desk, now)
        for name, family in mail.items():
            family.add_metric([desk.slug], getattr(found, name))
        for name, family in ages.items():
            since = getattr(found, name)
            family.add_metric([desk.slug], (now - since).total_seconds() if since else 0)
        for one in found.mailboxes:
            where = [desk.slug, one.mailbox.name]
            for name, family in box.items():
                family.add_metric(where, getattr(one.mailbox, name))
            fetched.add_metric(where, one.mailbox.last_fetch_at.timestamp() if one.mailbox.last_fetch_at else 0)
            gaps.add_metric(where, one.mailbox.gaps)
    return [*mail.values(), *ages.values(), *box.values(), fetched, gaps]
