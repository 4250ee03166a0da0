"""Nordlade and VoltPass, each as the other knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner


@pytest.fixture
def cpo(msp_desk: Desk) -> Iterator[Partner]:
    """Nordlade, inside VoltPass's desk."""
    with scope(desk=msp_desk):
        yield Partner.objects.get(desk=msp_desk)


@pytest.fixture
def msp(msp_desk: Desk, cpo_desk: Desk) -> Iterator[Partner]:
    """VoltPass, inside Nordlade's desk."""
    with scope(desk=cpo_desk):
        yield Partner.objects.get(desk=cpo_desk)
