"""Sessions after their authorisations, and the clock of what is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from roamdesk.oicp.following import fold_due
from roamdesk.oicp.forgetting import forget_exchanges
from roamdesk.oicp.telling import tell_hub


@app.task(name="oicp.fold_due", queue="hub")
def fold_authorised() -> int:
    return fold_due()


@app.periodic(cron="* * * * * */10")
@app.task(name="oicp.sweep", queue="hub", queueing_lock="oicp.sweep")
def sweep(timestamp: int) -> int:
    """What a process that died had answered."""
    return fold_due()


@app.periodic(cron="* * * * * */10")
@app.task(name="oicp.tell_hub", queue="hub", queueing_lock="oicp.tell_hub")
def tell(timestamp: int) -> int:
    """Records are due ten seconds after the end of a session (section 5.6)."""
    return tell_hub(datetime.now(UTC))


@app.periodic(cron="17 3 * * *")
@app.task(name="oicp.forget_exchanges", queue="clocks", queueing_lock="oicp.forget_exchanges")
def drop_old_exchanges(timestamp: int) -> None:
    forget_exchanges(datetime.fromtimestamp(timestamp, UTC))
