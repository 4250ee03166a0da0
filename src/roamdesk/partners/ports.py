"""How partners are written to. The room above, which sends mail, registers; this floor never names it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner


class Post(Protocol):
    """Queues one mail in the caller's transaction; one ``key`` is one mail of the desk.

    ``calendar`` is a whole iCalendar object, sent as ``text/calendar`` with its own METHOD. ``about`` names the
    row that hears of its fate, for instance ``check:5``. Raises ValueError with the mend; nothing is queued then.
    """

    def __call__(
        self,
        desk: Desk,
        *,
        partner: Partner,
        about: str,
        key: str,
        to: Sequence[str],
        subject: str,
        text: str,
        calendar: str = "",
        at: datetime,
    ) -> None: ...


_posts: list[Post] = []


def register_post(post: Post) -> None:
    """``post`` carries the mail from now on; the newest wins."""
    _posts[:] = [post]


def post() -> Post:
    """Raises RuntimeError where nothing carries mail."""
    if not _posts:
        raise RuntimeError("Nothing carries mail: roamdesk.correspondence is not installed.")
    return _posts[0]
