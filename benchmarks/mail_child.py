"""Fetches a mailbox, or takes mail, in a process of its own, so that its memory is its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime


def peak_of(process: int | str = "self") -> float:
    """The most memory that a process ever had, in MB."""
    with open(f"/proc/{process}/status") as status:
        [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def fetch(mailbox_id: int) -> None:
    from django_scopes import scopes_disabled

    from roamdesk.correspondence import mailboxes
    from roamdesk.correspondence.fetching import Suspects, fetch_round
    from roamdesk.correspondence.imap.session import Session
    from roamdesk.correspondence.models import Mailbox

    with scopes_disabled():
        mailbox = Mailbox.objects.select_related("desk").get(pk=mailbox_id)
    base, began = peak_of(), time.perf_counter()
    with Session(mailbox) as session:
        mailboxes.sign_in(session, mailbox, datetime.now(UTC))
        fetch_round(mailbox, session, lambda: datetime.now(UTC), sweep=True, suspects=Suspects())
    print(json.dumps({"seconds": time.perf_counter() - began, "base": base, "peak": peak_of()}))


def receive() -> None:
    from roamdesk.correspondence.models import Arrival
    from roamdesk.correspondence.receiving import Receiver

    async def run() -> None:
        async with Receiver(lambda: datetime.now(UTC)) as taking:
            print(await taking.listen("127.0.0.1", 0, Arrival.Via.SMTP), flush=True)
            await asyncio.Event().wait()

    asyncio.run(run())


def main() -> None:
    import django

    django.setup()
    if sys.argv[1] == "fetch":
        fetch(int(sys.argv[2]))
    else:
        receive()


if __name__ == "__main__":
    main()
