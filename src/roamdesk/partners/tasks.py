"""Jobs about partners: lines are tried when they are due; what is published is told, batch by batch."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from roamdesk.partners import announcing, verifying


@app.periodic(cron="*/15 * * * *")
@app.task(name="partners.verify", queue="mail", queueing_lock="partners.verify")
def verify(timestamp: int) -> int:
    now = timezone.now()
    return verifying.close_unanswered(now) + verifying.send_due_test_mails(now)


@app.task(name="partners.write_batch", queue="mail")
def write_batch(publication_id: int) -> int:
    return announcing.write_batch(publication_id, timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="partners.sweep_publications", queue="mail", queueing_lock="partners.sweep_publications")
def sweep_publications(timestamp: int) -> int:
    return announcing.sweep()
