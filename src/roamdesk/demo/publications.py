"""VoltPass revised the procedure: one partner works by it, one is silent, one can only be asked by phone."""

from __future__ import annotations

from datetime import datetime, timedelta

from roamdesk.desks.models import Desk
from roamdesk.partners import announcing, publishing
from roamdesk.partners.models import Acknowledgement, Partner, Publication
from roamdesk.partners.procedures import add_version
from roamdesk.procedure.loader import SHIPPED

PUBLISHED_DAYS, ACKNOWLEDGED_DAYS, IN_FORCE_DAYS = 12, 11, 10
SENT_TO = ("Alpenstrom", "Elbwatt", "Kilowerk")
"""Not Nordlade: the plays follow the shipped procedure, until somebody publishes the second one to it."""
CHANGES = (
    ('version: "1"\n', 'version: "2"\n'),
    ("  outcome: 15 min ", "  outcome: 10 min "),
    ("'immediately' is 15 minutes", "'immediately' is 10 minutes"),
    ('happens: "Suggest to call the MSP."', 'happens: "Suggest to call the MSP, and tell its number."'),
)
"""What the second version says instead of the shipped one."""


def second_version() -> str:
    """The file of the second version. Raises ValueError where the shipped one does not say what is replaced."""
    text = (SHIPPED / "hubject.yaml").read_text("utf-8")
    for before, after in CHANGES:
        if before not in text:
            raise ValueError(f"The shipped procedure does not say {before!r} any more.")
        text = text.replace(before, after)
    return text


def seed_publication(desk: Desk, at: datetime) -> None:
    """Published some days before ``at`` (UTC); a second time changes nothing. Runs with scopes disabled."""
    version = add_version(second_version(), at - timedelta(days=PUBLISHED_DAYS))
    if Publication.objects.filter(desk=desk, version=version).exists():
        return
    published = publishing.publish(
        desk,
        version,
        partners=Partner.objects.filter(desk=desk, name__in=SENT_TO),
        in_force_from=at - timedelta(days=IN_FORCE_DAYS),
        by="Piet M.",
        at=at - timedelta(days=PUBLISHED_DAYS),
    )
    announcing.write_batch(published.pk, at - timedelta(days=PUBLISHED_DAYS))
    acknowledged = Acknowledgement.objects.get(publication=published, partner__name="Kilowerk")
    publishing.acknowledge(acknowledged, name="J. de Wit", at=at - timedelta(days=ACKNOWLEDGED_DAYS))
