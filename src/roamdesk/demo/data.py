"""The demo's data: two desks that are partners of each other, and everything that they know beforehand."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scopes_disabled

from roamdesk.correspondence.budgets import keep_rules
from roamdesk.demo.contacts import seed_partners
from roamdesk.demo.desks import DESKS, seed_desks
from roamdesk.demo.directory import seed_directory
from roamdesk.demo.drivers import seed_drivers
from roamdesk.demo.publications import seed_publication
from roamdesk.desks.models import Desk
from roamdesk.partners.procedures import version_in_force


def seed(at: datetime) -> None:
    """Set up what is missing; what is there stays as it is. Ages count back from ``at`` (UTC).

    Raises SystemExit with the mend where others work: the demo's passwords are public.
    """
    _refuse_among_others()
    with transaction.atomic(), scopes_disabled():  # it fills both desks
        msp, cpo = seed_desks()
        seed_partners(msp, cpo, at)
        seed_directory(msp, cpo)
        seed_drivers(msp, cpo)
        for desk in (msp, cpo):
            version_in_force(desk, at)
            keep_rules(desk, {"acknowledges": True})
        seed_publication(msp, at)


def _refuse_among_others() -> None:
    """Once set up, the demo may get company: somebody tries a desk of their own there."""
    names = dict(Desk.objects.order_by("name").values_list("slug", "name"))
    if names and not set(DESKS) & set(names):
        raise SystemExit(
            f"{', '.join(names.values())} works on this installation, and everybody knows the demo's passwords. "
            "Nothing was changed. Try the demo on one of its own: set ROAMDESK_VAR to an empty folder."
        )
