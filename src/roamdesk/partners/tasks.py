"""The schedule of verification: what is due is tried, what nobody answered has failed."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from roamdesk.partners import verifying


@app.periodic(cron="*/15 * * * *")
@app.task(name="partners.verify", queue="mail", queueing_lock="partners.verify")
def verify(timestamp: int) -> int:
    now = timezone.now()
    return verifying.close_unanswered(now) + verifying.send_due_test_mails(now)
