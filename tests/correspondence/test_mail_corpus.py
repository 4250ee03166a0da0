"""Every mail of the corpus, read by the whole way. Another folder of this form: ``pytest --corpus DIR``.

``NNN-name.eml`` is the mail, ``NNN-name.json`` what is expected of it; keys that are absent expect nothing. The desk
is Nordlade. It sent ``<notice-17@nordlade.example>`` about case:17, NDL-2603-0017, to VoltPass's support and focal
point. ``{TAG}`` in a mail stands for the desk's address with that message's signed tag. ``understood`` is what the
template says, by fact, its times in UTC; the sender's clock is Berlin's.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope

from roamdesk.correspondence import addresses, intake, ports, reading
from roamdesk.correspondence.models import Arrival, Fate, IncomingMail, Message
from roamdesk.correspondence.parsing.mail import ParsedMail, parse
from roamdesk.desks.models import Desk
from roamdesk.procedure import shipped
from roamdesk.procedure.understanding import Parts, understand

OURS = Path(__file__).parent.parent / "vectors" / "mail"
NOTICE = "<notice-17@nordlade.example>"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mail_file" in metafunc.fixturenames:
        files = sorted(Path(metafunc.config.getoption("corpus") or OURS).glob("*.eml"))
        metafunc.parametrize("mail_file", files, ids=[file.stem for file in files])


@pytest.fixture
def notice(cpo_desk: Desk, at: datetime) -> Message:
    to = ["support@voltpass.example", "f.focal@voltpass.example"]
    message: Message = Message.objects.create(
        desk=cpo_desk, about="case:17", key="k", message_id=NOTICE, mail_from=cpo_desk.mail_from, to=to,
        fates=dict.fromkeys(to, Fate.ACCEPTED), subject="NDL-2603-0017", text="x", state=Message.State.ACCEPTED,
        queued_at=at, accepted_at=at, headers={"X-Roamdesk-Case": "NDL-2603-0017"},
    )  # fmt: skip
    return message


@pytest.fixture
def upstairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for the rooms above: one case, one meeting."""
    monkeypatch.setattr(ports, "_finders", [lambda desk, name: "case:17" if name == "NDL-2603-0017" else ""])
    told = "They answered the invitation."
    readers = [lambda desk, raw, sender, at: told if b"UID:meeting-5@nordlade.example" in raw else ""]
    monkeypatch.setattr(ports, "_calendar_readers", readers)


def test_the_mail_is_read_as_expected(
    mail_file: Path, cpo_desk: Desk, notice: Message, upstairs: None, at: datetime
) -> None:
    expected = json.loads(mail_file.with_suffix(".json").read_text())
    tag = addresses.tagged(cpo_desk.mail_from, notice.pk)
    raw = mail_file.read_bytes().replace(b"{TAG}", tag.encode())
    sender = expected.get("envelope_from", "a.agent@voltpass.example")
    [stored] = intake.store(raw, recipients=[cpo_desk.mail_from], sender=sender, via=Arrival.Via.HAND, at=at)
    reading.read_mail(stored.pk, at)
    with scope(desk=cpo_desk):
        mail = IncomingMail.objects.get(pk=stored.pk)
        notice.refresh_from_db()
        assert bytes(mail.raw) == raw
        seen = as_seen(mail, notice) | as_parsed(parse(raw)) | as_understood(parse(raw))
    for key, wanted in expected.items():
        assert matches(key, wanted, seen), f"{key}: wanted {wanted!r}, seen {seen.get(base(key))!r}; {mail.reason}"


def as_seen(mail: IncomingMail, notice: Message) -> dict[str, Any]:
    return {
        "envelope_from": mail.envelope_from,
        "verdict": mail.verdict,
        "reason": mail.reason,
        "automatic": bool(mail.automatic),
        "answers": "notice" if mail.answers == notice else None,
        "about": mail.about,
        "message_id": mail.message_id,
        "sender": mail.sender,
        "subject": mail.subject,
        "message_state": notice.state,
        "bounced": notice.addresses(Fate.BOUNCED),
        "last_reply": notice.last_reply,
    }


def as_parsed(read: ParsedMail) -> dict[str, Any]:
    return {
        "text": read.bodies.text,
        "attachments": [one.name for one in read.bodies.attachments],
        "calendar_replies": len(read.bodies.replies),
    }


def as_understood(read: ParsedMail) -> dict[str, Any]:
    bodies = read.bodies
    found = understand(shipped(), Parts(bodies.text, bodies.html, bodies.templates, "Europe/Berlin"))
    told = [doubt for each in found.fields for doubt in each.doubts]
    return {
        "understood": found.values,
        "parts": {each.name: each.part.value for each in found.fields},
        "problem": found.problem,
        "their_reference": found.their_reference,
        "our_reference": found.our_reference,
        "doubts": list(dict.fromkeys([*found.doubts, *told])),
    }


def base(key: str) -> str:
    return key.removesuffix("_contains").removesuffix("_contain").removesuffix("_lacks")


def matches(key: str, wanted: Any, seen: dict[str, Any]) -> bool:
    found = seen[base(key)]
    if key == "parts":
        return bool(found | wanted == found)
    if key.endswith("_lacks"):
        return all(one not in found for one in wanted)
    if key != base(key):
        return all(one in found for one in wanted)
    return bool(found == wanted)
