"""The demo's data: two desks that are partners of each other, and everything that they know beforehand."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scopes_disabled

from roamdesk.cases.procedures import version_in_force
from roamdesk.demo.contacts import seed_partners
from roamdesk.demo.desks import seed_desks
from roamdesk.demo.directory import seed_directory
from roamdesk.demo.drivers import seed_drivers


def seed(at: datetime) -> None:
    """Set up what is missing; what is there stays as it is. Ages count back from ``at`` (UTC)."""
    with transaction.atomic(), scopes_disabled():  # it fills both desks
        msp, cpo = seed_desks()
        seed_partners(msp, cpo, at)
        seed_directory(msp, cpo)
        seed_drivers(msp, cpo)
        for desk in (msp, cpo):
            version_in_force(desk, at)
