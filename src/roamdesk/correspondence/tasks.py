"""Jobs of the outbox. The row is the truth, a job only a reason to look at it now."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from roamdesk.correspondence import outbox


@app.task(name="correspondence.send_message", queue="mail")
def send_message(message_id: int) -> str:
    return outbox.attempt(message_id, timezone.now())


@app.periodic(cron="* * * * * */10")
@app.task(name="correspondence.sweep", queue="mail", queueing_lock="correspondence.sweep")
def sweep(timestamp: int) -> int:
    return outbox.sweep(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="correspondence.drop_stalled", queue="mail", queueing_lock="correspondence.drop_stalled")
async def drop_stalled(timestamp: int) -> int:
    """A killed worker leaves its job as running; the sweep has taken its message up, so the job can go."""
    stalled = list(await app.job_manager.get_stalled_jobs(queue="mail"))
    for job in stalled:
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
    return len(stalled)
