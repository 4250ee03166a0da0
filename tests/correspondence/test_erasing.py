"""What mails said goes by retention; that they came stays, so that nobody brings them again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope, scopes_disabled

from correspondence.mailbox_building import letter
from roamdesk.correspondence import intake, reading, services
from roamdesk.correspondence.erasing import erase_about, erase_before
from roamdesk.correspondence.intake import Fetched
from roamdesk.correspondence.models import ERASED, Arrival, Call, Fate, IncomingMail, Message
from roamdesk.desks.models import Desk

SECRET = b"The token is 04A2B3C4D5E680.\r\n"


def fetched(desk: Desk, at: datetime, raw: bytes, uidvalidity: int = 7) -> IncomingMail:
    one = Fetched(uid=3, raw=raw, size=len(raw), sender="a@voltpass.example")
    [mail] = intake.store_from_mailbox(desk, [one], mailbox="support", uidvalidity=uidvalidity, at=at)
    if mail.next_attempt_at:
        reading.read_mail(mail.pk, at)
    return mail


def erase(desk: Desk, at: datetime) -> int:
    with scope(desk=desk), transaction.atomic():
        return erase_before(desk, at, at, but_about="case:")


def stored() -> list[bytes]:
    with scopes_disabled():
        return [bytes(mail.inside) for mail in IncomingMail.objects.all()]


def test_a_mail_that_is_erased_keeps_its_arrival_and_does_not_come_again(cpo_desk: Desk, at: datetime) -> None:
    mail, raw = fetched(cpo_desk, at, letter(1, SECRET)), letter(1, SECRET)
    assert erase(cpo_desk, at + timedelta(days=91)) == 1
    for uidvalidity in (7, 8):
        again = fetched(cpo_desk, at + timedelta(days=92), raw, uidvalidity)
        assert (again.pk, again.state, again.next_attempt_at) == (mail.pk, IncomingMail.State.READ, None)
    assert stored() == [b""]
    with scopes_disabled():
        places = list(Arrival.objects.order_by("pk").values_list("mailbox", "uidvalidity", "uid"))
        kept = IncomingMail.objects.get()
    assert places == [("support", 7, 3), ("support", 8, 3)]
    assert (kept.subject, kept.sender, ERASED in kept.raw.decode()) == (ERASED, "a@voltpass.example", True)


def test_another_recipient_of_an_erased_mail_has_it_not_read_once_more(cpo_desk: Desk, at: datetime) -> None:
    raw, tagged = letter(1, SECRET), cpo_desk.mail_from.replace("@", "+c1@")
    fetched(cpo_desk, at, raw)
    erase(cpo_desk, at + timedelta(days=91))
    [mail] = intake.store(raw, recipients=[tagged], sender="a@voltpass.example", via=Arrival.Via.SMTP, at=at)
    assert (mail.state, mail.next_attempt_at) == (IncomingMail.State.READ, None)
    assert stored() == [b""]


def test_a_mail_that_is_not_old_enough_not_read_yet_or_of_a_case_stays(cpo_desk: Desk, at: datetime) -> None:
    mail = fetched(cpo_desk, at, letter(1, SECRET))
    assert erase(cpo_desk, at) == 0
    with scope(desk=cpo_desk):
        IncomingMail.objects.filter(pk=mail.pk).update(about="case:5")
    intake.store(letter(2), recipients=[cpo_desk.mail_from], sender="", via=Arrival.Via.SMTP, at=at)
    assert erase(cpo_desk, at + timedelta(days=91)) == 0
    with scope(desk=cpo_desk), transaction.atomic():
        assert erase_about(cpo_desk, "case:5", at) == 1


@pytest.mark.django_db(transaction=True)
def test_the_file_of_a_large_mail_goes_with_the_last_desk_that_has_it(
    cpo_desk: Desk, msp_desk: Desk, at: datetime, settings: Any, tmp_path: Path
) -> None:
    settings.MAIL_INSIDE, settings.MAIL_FOLDER = 1000, tmp_path
    raw = letter(1, SECRET * 100).replace(b"voltpass", b"nobody")
    for desk in (cpo_desk, msp_desk):
        fetched(desk, at, raw, uidvalidity=desk.pk)
    for desk, left in ((cpo_desk, 1), (msp_desk, 0)):
        erase(desk, at + timedelta(days=91))
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == left
    fetched(cpo_desk, at + timedelta(days=92), raw, uidvalidity=99)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_mail_that_was_sent_loses_its_words_and_is_not_sent_again(cpo_desk: Desk, at: datetime) -> None:
    with scope(desk=cpo_desk):
        for key, state in (("sent", "unknown"), ("waits", "queued")):
            message = services.queue_message(
                cpo_desk, key=key, about="case:5", to=["a@voltpass.example"], subject="Token 04A2", text="04A2B3", at=at
            )
            Message.objects.filter(pk=message.pk).update(state=state, fates={"a@voltpass.example": Fate.UNKNOWN})
        Call.objects.create(
            desk=cpo_desk, about="case:5", direction="out", number="+491705550142", to="user", result="answered", at=at
        )
        assert erase_about(cpo_desk, "case:5", at) == 1
        sent, waits = Message.objects.order_by("pk")
        assert (sent.subject, sent.text, waits.text) == (ERASED, ERASED, "04A2B3")
        assert Call.objects.get().number == ""
        with pytest.raises(ValueError, match="erased"):
            services.send_again(sent, at=at)
