"""Who hears when a message changes. An upper floor registers; this floor never names it."""

from __future__ import annotations

from collections.abc import Callable

from django_scopes import scope

from roamdesk.correspondence.models import Message

MessageListener = Callable[[Message], None]

_listeners: list[MessageListener] = []


def on_message_changed(listener: MessageListener) -> None:
    """``listener`` hears each outcome, in the transaction that stored it, within the message's desk.

    It hears of queued (again), accepted, unknown and refused, and may hear one twice.
    """
    if listener not in _listeners:
        _listeners.append(listener)


def message_changed(message: Message) -> None:
    with scope(desk=message.desk):
        for listener in _listeners:
            listener(message)
