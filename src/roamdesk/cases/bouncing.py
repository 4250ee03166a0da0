"""A mail that came back: who was told by it knows nothing, so it is owed again, to the next address of the form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from roamdesk.cases import settling
from roamdesk.cases.actors import RELAY
from roamdesk.cases.attention import call_for_attention
from roamdesk.cases.changing import about
from roamdesk.cases.models import Case, Event
from roamdesk.cases.reaching import RECIPIENTS, Group, addresses_left, groups, other_side, told_by
from roamdesk.cases.services import record
from roamdesk.correspondence.models import Message
from roamdesk.partners.dialling import number_to_dial


def take_back_what_bounced(case: Case, message: Message, at: datetime) -> None:
    """In a case that is being changed. Told twice it changes nothing the second time."""
    lost = [] if message.state == Message.State.ANSWERED else [group for group in groups(message) if group.came_back]
    if not lost:
        return
    believed = _believed(case, message, lost)
    record(case, dict.fromkeys(believed), RELAY, at)
    if believed or _owe_again(case, message, at):
        _say_who_is_unreachable(case, lost, at)


def _believed(case: Case, message: Message, lost: Iterable[Group]) -> list[str]:
    """What counts as known by this mail alone: no other mail tells it, and no person has said it."""
    mails = Message.objects.filter(about=about(case)).exclude(pk=message.pk)
    elsewhere = {item for other in mails for item in told_by(other).items()}
    known = case.known["values"]
    said = [item for group in lost for item in group.values.items() if item not in elsewhere]
    return [name for name, value in said if known.get(name) == value and _told_by_relay(case, name)]


def _told_by_relay(case: Case, name: str) -> bool:
    telling = Event.objects.filter(case=case, data__values__has_key=name).order_by("-number").first()
    return telling is not None and telling.by == RELAY.name


def _owe_again(case: Case, message: Message, at: datetime) -> bool:
    """Where the duty is open still, and this was its last mail, the clock may send another; whether it was so."""
    start, _, number = message.key.rpartition(":")
    duty = next((each for each in case.draft.duties.values() if start == f"{about(case)}:mail:{each.pk}"), None)
    newer = Message.objects.filter(about=about(case), key=f"{start}:{int(number) + 1}") if duty else None
    if duty is None or duty.performed_at is None or (newer and newer.exists()):
        return False
    duty.performed_at = None
    settling.changed(case, duty)
    settling.settle(case, RELAY, at)
    return True


def _say_who_is_unreachable(case: Case, lost: Iterable[Group], at: datetime) -> None:
    for group in lost:
        if group.recipient and not addresses_left(case, group.recipient):
            who = RECIPIENTS.get(group.recipient, group.recipient)
            words = f"Every mail address of {case.partner} for {who} came back. {phone(case, at)}"
            call_for_attention(case, words, RELAY, at)


def phone(case: Case, at: datetime) -> str:
    """Whom to phone instead of writing: the call centre where the procedure lets call centres talk (S11), else the
    reference person (S3)."""
    to = f"{other_side(case)}_{'cc' if settling.plan_of(case).route.call_centres_talk else 'fp'}"
    lines = number_to_dial(case.partner, to, at, case.desk.language).lines if case.partner else ()
    if not lines:
        return "No number is known either: ask the partner for its contact form."
    return f"Phone {lines[0].person or case.partner}, {lines[0].shown}, then say here that it went by other means."
