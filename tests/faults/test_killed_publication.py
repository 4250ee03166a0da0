"""Whoever writes to the partners of a publication is killed, and others go on: each partner is written to once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scope, scopes_disabled

from builders import partners_with_mail
from faults.mortal import Point, mortals
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk
from roamdesk.partners import announcing, publishing
from roamdesk.partners.announcing import BATCH, Written
from roamdesk.partners.models import GuestLink, Publication
from roamdesk.partners.procedures import shipped_version

pytestmark = pytest.mark.usefixtures("outbox_db")

ROOM = "roamdesk.partners.announcing:"
BEFORE_THE_COMMIT = (
    Point("batch locked, nothing written", f"{ROOM}post", after=False),
    Point("one mail queued", f"{ROOM}post"),
    Point("all queued, the next job not", f"{ROOM}defer_writing", after=False),
    Point("next job queued, no commit", f"{ROOM}defer_writing"),
)
COMMITTED = Point("committed", f"{ROOM}write_batch")


@pytest.fixture
def publication(msp_desk: Desk, at: datetime) -> Publication:
    """Of the shipped version to two batches of partners and one more."""
    with scope(desk=msp_desk):
        msp_desk.partners.all().delete()
        partners_with_mail(msp_desk, 2 * BATCH + 1)
        version = shipped_version(at)
        return publishing.publish(msp_desk, version, in_force_from=at + timedelta(days=9), by="Piet", at=at)


def how_far(publication: Publication) -> Written:
    with scopes_disabled():
        return announcing.written(publication)


def test_killed_anywhere_each_partner_is_written_to_once(publication: Publication) -> None:
    values = {"publication_id": publication.pk, "at": datetime.now(UTC).isoformat()}
    with mortals({}) as them:
        for point in BEFORE_THE_COMMIT:
            assert them.do("write", point, **values), point.name
            assert how_far(publication) == Written(0, 2 * BATCH + 1)
        assert them.do("write", COMMITTED, **values)
        assert how_far(publication) == Written(BATCH, BATCH + 1)
        for _ in range(4):
            them.do("write", None, **values)
    assert how_far(publication) == Written(2 * BATCH + 1, 0)
    with scopes_disabled():
        mails = Counter(mail.to[0] for mail in Message.objects.all())
        links = GuestLink.objects.count()
    assert (set(mails.values()), len(mails), links) == ({1}, 2 * BATCH + 1, 2 * BATCH + 1)
