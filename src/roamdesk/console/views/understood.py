"""A person decides on what was understood of a mail: confirms all or one field, corrects it first, or rejects it."""

from __future__ import annotations

from roamdesk.cases.errors import Refused
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.understanding import THEIR_REFERENCE, confirm_understood, reject_understood
from roamdesk.console.screens.understood import corrections, understood_panel
from roamdesk.console.typed import told
from roamdesk.console.views.deeds import Doing, deed
from roamdesk.correspondence.models import IncomingMail


@deed()
def understood(doing: Doing, mail: int) -> None:
    """``take`` or ``reject`` name one field; otherwise all that is open is confirmed."""
    found = IncomingMail.objects.filter(desk=doing.case.desk, pk=mail).select_related("desk").first()
    if found is None:
        raise Refused("There is no such mail at this desk.")
    if name := doing.post.get("reject", ""):
        reject_understood(doing.case, found, name, actor=doing.actor, at=doing.at)
        return
    taken = doing.post.get("take", "")
    confirm_understood(
        doing.case,
        found,
        [taken] if taken else [],
        edited=_edited(doing, found),
        actor=doing.actor,
        at=doing.at,
        expected_version=doing.version,
    )


def _edited(doing: Doing, mail: IncomingMail) -> dict[str, str]:
    """Times were typed on the wall clock of whoever typed them; what was emptied stays empty."""
    zone = doing.access.person.zone
    panel = understood_panel(mail, doing.case, doing.at, zone)
    typed = corrections(panel, doing.post) if panel else {}
    exact = told(procedure_of(doing.case), typed, doing.at, zone)
    return {name: exact.get(name, value if name == THEIR_REFERENCE else "") for name, value in typed.items()}
