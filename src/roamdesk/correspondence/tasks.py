"""Jobs of the outbox and of incoming mail. The row is the truth, a job only a reason to look at it now."""

from __future__ import annotations

from django.utils import timezone
from django_scopes import scopes_disabled
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from roamdesk.correspondence import conversations, outbox, reading
from roamdesk.correspondence.models import Message

# A worker's own jobs are seen before the transaction that queues them is: then the row comes a moment later.
_NOT_THERE_YET = RetryStrategy(max_attempts=5, wait=1, retry_exceptions={Message.DoesNotExist})


@app.task(name="correspondence.send_message", queue="mail", retry=_NOT_THERE_YET)
def send_message(message_id: int) -> str:
    return outbox.attempt(message_id, timezone.now())


@app.task(name="correspondence.read_mail", queue="mail")
def read_mail(mail_id: int) -> str:
    return reading.read_mail(mail_id, timezone.now())


@app.periodic(cron="* * * * * */10")
@app.task(name="correspondence.sweep", queue="mail", queueing_lock="correspondence.sweep")
def sweep(timestamp: int) -> int:
    now = timezone.now()
    # A job serves every desk.
    with scopes_disabled():
        woken = conversations.wake_due(now)
    return outbox.sweep(now) + reading.sweep(now) + woken
