"""What a mail says, understood: the template in four languages and every shape, proposals only (S24, S32, S33)."""

from __future__ import annotations

import html
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedure.situations import facts, hubject
from roamdesk.procedure import Side
from roamdesk.procedure.exchange import write_sent
from roamdesk.procedure.model import TemplateField
from roamdesk.procedure.template import FilledField, exactness, fill
from roamdesk.procedure.understanding import Part, Parts, UnderstoodField, understand
from roamdesk.procedure.understanding.references import reference_told

LANGUAGES = ("en", "it", "de", "fr")


def understood(text: str = "", **parts: Any) -> dict[str, UnderstoodField]:
    return {each.name: each for each in understand(hubject(), Parts(text=text, **parts)).fields}


def values(text: str = "", **parts: Any) -> dict[str, str]:
    return understand(hubject(), Parts(text=text, **parts)).values


# ---- what we compose is understood again ----

WORDS = st.text(st.sampled_from("abcdefghiklmnoprstuvwäöüéèàç"), min_size=2, max_size=9)
SENTENCES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
IDENTIFIERS = st.from_regex(r"[A-Z]{2}[0-9]{3,12}", fullmatch=True)
EVSES = st.from_regex(r"DE\*NDL\*E[0-9]{2,6}\*[1-4]", fullmatch=True)
MINUTES = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
TOKENS = st.fixed_dictionaries({"token": IDENTIFIERS}) | st.fixed_dictionaries({"no_token_reason": SENTENCES})
CDRS = (
    st.fixed_dictionaries({"cdr_id": IDENTIFIERS})
    | st.fixed_dictionaries({"session_id": IDENTIFIERS})
    | st.fixed_dictionaries({"session_id": IDENTIFIERS, "cdr_reason": SENTENCES})
    | st.fixed_dictionaries({"cdr_reason": SENTENCES})
)
TOLD = st.builds(
    lambda at, exact, evse, token, cdr, issue: (
        {"event_time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "time_exact": exact, "evse_id": evse, "issue": issue} | token | cdr
    ),
    MINUTES,
    st.sampled_from(["yes", "no"]),
    EVSES,
    TOKENS,
    CDRS,
    SENTENCES,
)
LINES = list[tuple[str, str]]


def composed(told: dict[str, str], language: str) -> LINES:
    """The lines of our mail; in another language, as its words have them."""
    filled = {field.name: field for field in fill(hubject(), facts(told), "Europe/Berlin")}
    return [_in_language(field, filled[field.name], told, language) for field in hubject().template]


def _in_language(field: TemplateField, filled: FilledField, told: dict[str, str], language: str) -> tuple[str, str]:
    words, text = field.words[language], filled.text
    marked = exactness(hubject(), field)
    if filled.indicative and marked:
        text = text.replace(marked.mark, words.indicative[0])
    for ours, theirs in zip(field.absent, words.absent, strict=False):
        text = theirs.format_map(Gaps(told)) if text == ours.format_map(Gaps(told)) else text
    return words.title, text


class Gaps(dict[str, str]):
    """A wording that names what is not known is no line of the mail."""

    def __missing__(self, name: str) -> str:
        return f"<no {name}>"


def as_list(lines: LINES) -> dict[str, str]:
    return {"text": "Hello,\n\n" + "\n".join(f"{name}: {text}" for name, text in lines) + "\n\nRegards\nA. Agent\n"}


def as_bullets(lines: LINES) -> dict[str, str]:
    return {"text": "\n".join(f"- *{name}* : {text}" for name, text in lines)}


def as_columns(lines: LINES) -> dict[str, str]:
    return {"text": "\n".join(f"{name:40}{text}" for name, text in lines)}


def as_pipes(lines: LINES) -> dict[str, str]:
    return {"text": "| Field | Value |\n|---|---|\n" + "\n".join(f"| {name} | {text} |" for name, text in lines)}


def as_tabs(lines: LINES) -> dict[str, str]:
    return {"text": "\n".join(f"{name}\t{text}" for name, text in lines)}


def below_each_other(lines: LINES) -> dict[str, str]:
    return {"text": "\n\n".join(f"{name}\n{text}" for name, text in lines)}


def across(lines: LINES) -> dict[str, str]:
    return {"text": "\t".join(name for name, _ in lines) + "\n" + "\t".join(text for _, text in lines)}


def quoted(lines: LINES) -> dict[str, str]:
    return {"text": "Yes.\n\n" + "\n".join(f"> {name}: {text}" for name, text in lines)}


def quoted_twice(lines: LINES) -> dict[str, str]:
    return {"text": "Yes.\n\n" + "\n".join(f">> | {name} | {text} |" for name, text in lines)}


def as_html(lines: LINES) -> dict[str, str]:
    rows = "".join(
        f"<tr><th align='left'><b>{html.escape(name)}</b></th><td><p>{html.escape(text)}</p></td></tr>"
        for name, text in lines
    )
    return {"html": f"<html><head><style>td {{x: 'Token: 1'}}</style></head><body><table>{rows}</table></body></html>"}


def as_html_list(lines: LINES) -> dict[str, str]:
    return {"html": "".join(f"<p><b>{html.escape(name)}:</b>&nbsp;{html.escape(text)}</p>" for name, text in lines)}


def as_html_quote(lines: LINES) -> dict[str, str]:
    return {"html": f"<p>Yes.</p><blockquote type=cite>{as_html(lines)['html']}</blockquote>"}


SHAPES = [
    as_list, as_bullets, as_columns, as_pipes, as_tabs, below_each_other, across, quoted, quoted_twice, as_html,
    as_html_list, as_html_quote,
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@given(told=TOLD, language=st.sampled_from(LANGUAGES), order=st.permutations(range(5)))
def test_what_we_compose_is_understood_in_every_language_and_shape(
    shape: Any, told: dict[str, str], language: str, order: list[int]
) -> None:
    lines = composed(told, language)
    assert values(**shape([lines[n] for n in order])) == told


@given(told=TOLD)
def test_our_attachment_says_the_same(told: dict[str, str]) -> None:
    fields = fill(hubject(), facts(told), "Europe/Berlin")
    raw = write_sent(hubject(), fields, desk="Nordlade", side=Side.CPO, our_reference="NDL-2603-0017")
    found = understand(hubject(), Parts(attachments=[raw]))
    assert (found.values, found.their_reference, found.doubts) == (told, "NDL-2603-0017", ())
    assert {field.part for field in found.fields} == {Part.ATTACHMENT}


@given(text=st.text(max_size=400), source=st.text(max_size=400), attachment=st.binary(max_size=80))
def test_whatever_arrives_is_read_without_a_fault(text: str, source: str, attachment: bytes) -> None:
    understand(hubject(), Parts(text, source, [attachment]))


NAMES = st.sampled_from([name for field in hubject().template for w in field.words.values() for name in w.aliases])
PIECES = st.lists(NAMES | st.sampled_from([": ", "\n", "\t", "|", "> ", "10/03/2026", "9:00", "none", "<td>"]))


@given(text=PIECES.map("".join))
def test_pieces_of_templates_in_any_order_are_read_without_a_fault(text: str) -> None:
    understand(hubject(), Parts(text, text))


# ---- times ----

AT = "2026-03-10T09:05:00Z"


@pytest.mark.parametrize(
    "written",
    [
        "10/03/2026 09:05",
        "10/03/2026 09:05 UTC",
        "10.03.2026, 09:05 (UTC)",
        "10-03-2026 09:05 GMT",
        "2026-03-10T09:05:00Z",
        "2026-03-10 10:05:00+01:00",
        "2026-03-10T10:05+0100",
        "10/03/2026 10:05 CET",
        "10. März 2026 um 10:05 Uhr MEZ",
        "10 mars 2026 à 10h05 (UTC+1)",
        "10 marzo 2026 ore 10.05 CET",
        "March 10, 2026, 9:05 am UTC",
        "09:05 UTC on 10 March 2026",
        "10/03/2026 10:05 Europe/Rome",
        "10/03/26 09:05 UTC",
        "10/3/2026 9:05 UTC",
    ],
)
def test_a_time_is_read_however_it_is_written(written: str) -> None:
    assert values(f"Date and time: {written}") == {"event_time": AT, "time_exact": "yes"}


@pytest.mark.parametrize(
    "written",
    [
        "10/03/2026 09:05, indicative",
        "ca. 10/03/2026 09:05",
        "10/03/2026 09:05 approx.",
        "10/03/2026 circa 09:05 UTC",
        "10.03.2026 gegen 10:05 MEZ",
        "10/03/2026 vers 10h05 CET",
        "10/03/2026 environ 09:05 UTC",
        "10/03/2026 ~09:05",
    ],
)
def test_an_indicative_time_is_marked_as_such(written: str) -> None:
    """S33."""
    assert values(f"Date: {written}") == {"event_time": AT, "time_exact": "no"}


@pytest.mark.parametrize(
    ("name", "written"),
    [("Date and time (CET)", "10/03/2026 10:05"), ("Data e ora (ora locale)", "10/03/2026 10:05")],
)
def test_the_zone_may_stand_in_the_name_of_the_line(name: str, written: str) -> None:
    assert values(f"{name}: {written}", zone="Europe/Rome")["event_time"] == AT


@pytest.mark.parametrize(
    ("written", "doubt"),
    [
        ("10.03.2026 09:05", "No time zone"),
        ("10/03/2026 10:05 Ortszeit", "Local time: read as that of Europe/Berlin"),
        ("03/13/2026 09:05 UTC", "month is read before the day"),
        ("10/03/26 09:05 UTC", "read as 2026"),
        ("yesterday at nine", "No date"),
        ("10/03/2026", "No time of day"),
        ("31/02/2026 09:05", "No calendar"),
        ("29/03/2026 02:30 Europe/Berlin", "02:30"),
    ],
)
def test_what_is_not_certain_of_a_time_is_said(written: str, doubt: str) -> None:
    field = understood(f"Date: {written}", zone="Europe/Berlin")["date_time"]
    assert any(doubt in said for said in field.doubts), field.doubts


def test_day_and_hour_in_two_rows_are_one_time() -> None:
    assert values("Data: 10/03/2026\nToken: 04A2\nOra: 09:05 UTC")["event_time"] == AT


def test_the_start_of_the_session_is_a_fact_of_its_own() -> None:
    assert values("Ladebeginn: 10/03/2026 09:05") == {"session_start": AT, "time_exact": "yes"}


# ---- what there is not, and why ----


@pytest.mark.parametrize(
    ("line", "fact", "reason"),
    [
        ("Token: none because started in the app", "no_token_reason", "started in the app"),
        ("Token: None (started in the app)", "no_token_reason", "started in the app"),
        ("Karte: keine, weil per App gestartet", "no_token_reason", "per App gestartet"),
        ("Tessera: nessuna", "token", "nessuna"),
        ("Jeton : aucun : lancé dans l'application", "no_token_reason", "lancé dans l'application"),
        ("CDR: not yet issued - the session runs", "cdr_reason", "the session runs"),
        ("ID CDR: non ancora emesso perché la sessione è in corso", "cdr_reason", "la sessione è in corso"),
        ("CDR-ID: noch nicht ausgestellt: läuft noch", "cdr_reason", "läuft noch"),
        ("Identifiant CDR : pas encore émis, car la session est en cours", "cdr_reason", "la session est en cours"),
    ],
)
def test_the_reason_of_an_absence_is_understood(line: str, fact: str, reason: str) -> None:
    """A10, A20."""
    assert values(line) == {fact: reason}


@pytest.mark.parametrize("line", ["Token: none", "Token: n/a", "CDR-ID: liegt noch nicht vor.", "Jeton: aucun"])
def test_an_absence_without_a_reason_is_said_and_tells_nothing(line: str) -> None:
    (field,) = understood(line).values()
    assert (field.values, field.doubts) == ({}, ("It says that there is none, and not why.",))


def test_the_session_stands_in_for_the_cdr() -> None:
    """A10."""
    assert values("Session id: S-1\nCDR id: not yet issued") == {"session_id": "S-1"}
    assert values("CDR id: C-1\nSession id: S-1") == {"cdr_id": "C-1", "session_id": "S-1"}


# ---- identifiers ----


def test_a_label_is_not_taken_for_an_evse_id() -> None:
    """A12."""
    field = understood("Charging point: 04721 left")["evse_id"]
    assert field.values == {"evse_label": "04721 left"}
    assert "not the form of an EVSE id" in field.doubts[0]


def test_a_remark_in_brackets_is_no_part_of_an_identifier() -> None:
    assert values("EVSE id: DE*NDL*E4421*1 (left socket)") == {"evse_id": "DE*NDL*E4421*1"}


def test_what_can_be_no_identifier_is_shown_and_not_taken() -> None:
    field = understood("Token: see below, sorry!")["token"]
    assert field.values == {}
    assert field.raw == "see below, sorry!"
    assert field.doubts


# ---- which part counts ----


def test_what_is_written_now_counts_before_a_quote() -> None:
    field = understood("Token: 04A2\n\n> Token: 04FF\n> EVSE: DE*NDL*E1*1")
    assert (field["token"].values, field["token"].part) == ({"token": "04A2"}, Part.TEXT)
    assert (field["evse_id"].part, field["evse_id"].doubts) == (Part.QUOTE, ("It stands in a quote.",))


@pytest.mark.parametrize(
    "introduction",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "Am 10.03.2026 um 10:00 schrieb Nordlade <support@nordlade.example>:",
        "Il giorno 10 mar 2026 Nordlade ha scritto:",
        "Le 10 mars 2026, Nordlade a écrit :",
        "From: Nordlade <support@nordlade.example>",
    ],
)
def test_below_an_introduction_all_is_quoted(introduction: str) -> None:
    assert understood(f"Thanks.\n\n{introduction}\n\nToken: 04A2")["token"].part is Part.QUOTE


def test_the_date_of_a_forwarded_mail_is_not_that_of_the_event() -> None:
    head = "From: A <a@voltpass.example>\nDate: 10/03/2026 09:05\nSubject: x\n\n"
    assert values(f"{head}Token: 04A2") == {"token": "04A2"}


def test_a_line_that_stands_twice_is_doubtful() -> None:
    field = understood("Token: 04A2\n\nToken: 04FF")["token"]
    assert field.values == {"token": "04A2"}
    assert field.doubts == ("It stands there twice; the other says: 04FF",)


def test_attachment_and_text_that_disagree_are_both_shown() -> None:
    fields = fill(hubject(), facts({"token": "04A2"}), "UTC")
    raw = write_sent(hubject(), fields, desk="x", side=Side.MSP, our_reference="V-1")
    field = understood("Token: 04FF", attachments=[raw])["token"]
    assert (field.values, field.doubts) == ({"token": "04A2"}, ("The mail itself says: 04FF",))


# ---- references ----


@pytest.mark.parametrize(
    "text",
    [
        "Our reference: VPS-88\nYour reference: NDL-2603-0017",
        "Ihre Referenz: NDL-2603-0017\nUnser Zeichen: VPS-88",
        "Nostro riferimento: VPS-88\nVostro riferimento: NDL-2603-0017",
        "Notre référence : VPS-88\nVotre référence : NDL-2603-0017",
    ],
)
def test_references_are_read_from_their_side(text: str) -> None:
    found = understand(hubject(), Parts(text))
    assert (found.their_reference, found.our_reference) == ("VPS-88", "NDL-2603-0017")


def test_in_a_quote_our_own_reference_is_not_theirs() -> None:
    assert understand(hubject(), Parts("> Our reference: NDL-2603-0017")).their_reference == ""


def test_danger_words_are_not_interpreted() -> None:
    found = understand(hubject(), Parts("Event: DANGER, it burns, someone is hurt"))
    assert (found.problem, found.values) == ("", {"issue": "DANGER, it burns, someone is hurt"})


# ---- hostile mail ----


@pytest.mark.parametrize(
    "text",
    [
        ">" * 900_000,
        "Token: " + "none: " * 100_000,
        "Date: " + "10/03/2026 " * 50_000,
        ("Token:\n" * 100_000),
        "|" * 500_000,
        (" " * 1_900 + "|\n") * 400,
        "Token: none" + " . " * 200_000,
        "on " + "wrote schrieb " * 40_000 + ":",
        "CDR: session " + "x, CDR not yet issued " * 20_000,
    ],
)
def test_a_hostile_mail_is_read_in_a_moment(text: str) -> None:
    began = time.monotonic()
    understand(hubject(), Parts(text, text))
    assert time.monotonic() - began < timedelta(seconds=5).total_seconds()


# ---- the reference that their system gives ----


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("[Ticket#88551] NDL-2603-0017 / VPS-88: cable freed", "88551"),
        ("Thanks for your message. Ticket number 2026031010000017.", "2026031010000017"),
        ("Your request (88553) has been updated.", "88553"),
        ("Incident INC0012345 opened: NDL-2603-0017", "INC0012345"),
        ("Ihre Ticketnummer lautet VPS-88/1.", "VPS-88/1"),
        ("Il numero ticket è 4711.", "4711"),
        ("Votre numéro de dossier est FR-2603-11", "FR-2603-11"),
        ("Case NDL-2603-0017 was answered", ""),
        ("Re: ticket of 2026-03-10", ""),
        ("I am out of office until 16/03/2026, phone +49 30 5550142", ""),
    ],
)
def test_a_received_mail_is_read_for_their_reference(text: str, reference: str) -> None:
    assert reference_told(hubject(), text, "NDL") == reference


def test_a_date_is_no_reference() -> None:
    assert understand(hubject(), Parts("Case: 10/03/2026")).their_reference == ""
