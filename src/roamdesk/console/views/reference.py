"""Marks and words, explained to a new colleague."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from roamdesk.console.gate import at_desk
from roamdesk.console.marks import State, mark
from roamdesk.console.shell import page
from roamdesk.desks.access import Access

MEANINGS = {
    State.DANGER: "Octagon. People may get hurt. Red means this and nothing else.",
    State.OVERDUE: "Triangle. A target has passed, or something the procedure asks for is missing.",
    State.WAITING: "Hourglass. Someone or something else moves next; a clock runs.",
    State.DONE: "Ring with tick. Seen or confirmed, with by whom.",
    State.UNKNOWN: "Dashed ring. Silence, stale, never verified.",
    State.FAILED: "Square with cross. Tried, and reported as not successful. No hue: it is a fact, not an alarm.",
    State.TODO: "Arrow on ink. Ours, now.",
    State.LATER: "Empty ring. Known, but not raised or not done yet.",
}


@at_desk()
def reference(request: HttpRequest, access: Access) -> HttpResponse:
    meanings = [(mark(state), text) for state, text in MEANINGS.items()]
    return page(request, access, "help", "Marks and words", meanings=meanings)
