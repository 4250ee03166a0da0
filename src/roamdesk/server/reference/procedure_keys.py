"""What each key of a procedure file means; a test holds it against the loader, which knows the keys.

A place is named by the path to it: ``*`` stands for a name of the author's, or for each entry of a list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from roamdesk.procedure.model import Channel, Kind, Machine, Side
from roamdesk.procedure.readiness import FLAGS, PURPOSES, REACHED_BY


@dataclass(frozen=True)
class Place:
    """A mapping in the file: its title, what it is for, and by key: what stands there, and what it means."""

    title: str
    about: str
    keys: dict[str, tuple[str, str]]


def _one_of(values: Iterable[str] | type[StrEnum]) -> str:
    words = [value.value if isinstance(value, StrEnum) else value for value in values]
    return "one of " + ", ".join(f"`{word}`" for word in words)


OPEN_KINDS = [kind for kind in Kind if kind is not Kind.CHOICE]
CITES = ("list of statement numbers", "The sentences that ask for it.")
MUST_CITE = (f"{CITES[0]}, needed", CITES[1])

PLACES: dict[str, Place] = {
    "": Place(
        "The file",
        "One mapping. A part may refer only to what stands above it in its own list, so nothing can go in circles.",
        {
            "procedure": ("text", "Name of the procedure, the same in all its versions."),
            "version": ("text", "Its version. A case stays on the version that it was opened with."),
            "title": ("text", "As people call it."),
            "statements": ("number: sentence", "The source, sentence by sentence. Everything else cites these."),
            "out_of_scope": ("number: reason", "Statements that nothing here carries out, each with the reason."),
            "targets": (
                "name: duration",
                "How soon. `due` names one. `8 business hours` count while the office of whoever owes it is open.",
            ),
            "tolerances": (
                "name: duration",
                "`session_start` and `session_ended`, for the identity match; "
                "`same_matter`, for mail that may belong to a closed case; without it, only to an open one.",
            ),
            "tries": ("name: number", "How often at most; `unlock` is read."),
            "facts": ("name: fact", "What can be known, in the order in which it is decided."),
            "routes": ("list", "The first route whose `when` holds is taken."),
            "duties": (
                "list",
                "Each is owed while its `when` holds and its `until` does not. Most important first.",
            ),
            "disclosures": ("list", "Which side may see which personal field, and while what holds."),
            "template": ("list", "The lines of every mail: the minimum set of information."),
            "references": ("mapping", "What stands before a case's reference in a mail."),
            "messages": ("name: message", "The mails."),
            "readiness": ("role: list", "What a contact form must hold; the role is `cpo` or `msp`."),
            "kick_off": ("mapping", "The meeting that a partner may demand."),
        },
    ),
    "facts.*": Place(
        "A fact",
        "Exactly one of `one_of`, `kind`, `derive` and `count`. The first decides by its value, `kind` only by being "
        "known. A fact out of play (`in`, `when`) is kept and shown, and decides nothing.",
        {
            "title": ("text", "As it stands on screen."),
            "ask": ("text", "A question that is open in every case until it is answered."),
            "kind": (_one_of(OPEN_KINDS), "An open fact: carried, never compared."),
            "one_of": ("value: text", "A closed fact with its options and how they read."),
            "personal": ("yes or no", "Masked, kept in one place, erased by retention."),
            "when": ("condition", "It counts only while this holds."),
            "in": ("list of routes", "It counts only in these routes."),
            "derive": ("list", "It follows from other facts: the first entry whose `when` holds."),
            "count": ("mapping", "It counts how often another fact was reported."),
            "forgets": ("list of facts", "Facts that are taken back when this one is told."),
            "cites": CITES,
        },
    ),
    "facts.*.derive.*": Place(
        "A derivation",
        "",
        {"is": ("text", "The value that follows."), "when": ("condition", "From what.")},
    ),
    "facts.*.count": Place(
        "A count",
        'Its values are the texts "1", "2" and so on.',
        {
            "of": ("fact", "Which closed fact is counted."),
            "is": ("value", "Which of its options."),
            "up_to": ("number", "The last value, which means: or more."),
        },
    ),
    "routes.*": Place(
        "A route",
        "",
        {
            "id": ("text", "Its name; facts and duties name it under `in`."),
            "title": ("text", "As it stands on screen."),
            "when": ("condition", "Which cases take it. The last route has none and takes the rest."),
            "happens": ("wording", "What happens here, in a sentence."),
            "call_centres_talk": ("yes or no", "Only in such a route may a duty phone a call centre."),
            "danger": ("yes or no", "No identity check may stand in such a route."),
            "closes_itself": ("yes or no", "The case closes as soon as nothing is owed."),
            "cites": CITES,
        },
    ),
    "duties.*": Place(
        "A duty",
        "",
        {
            "id": ("text", "Its name."),
            "action": ("text", "What kind of act it is, the same for duties that do the same; the id when left out."),
            "in": ("list of routes", "Where it can be owed; everywhere when left out."),
            "when": ("condition", "It is owed while this holds …"),
            "until": ("condition", "… and this does not."),
            "owed_by": (_one_of(Side), "Ours to do, theirs to wait for, with the same clock."),
            "channel": (_one_of(Channel), "How."),
            "to": (
                "one or a list",
                "`user`, `station`, `own_desk`; or `cpo_`, `msp_`, `partner_` with `cc`, `backoffice`, `support`, `fp`",
            ),
            "do": ("wording, needed", "What the operator does."),
            "wait": ("wording", "How it reads when the partner owes it."),
            "say": ("wording", "The words to say."),
            "spell": ("list of facts", "What is spelled aloud."),
            "tell": ("list of facts", "What the act carries to the other side."),
            "requires": (
                "list of lists of facts",
                "It can be carried out when of each inner list one is known.",
            ),
            "result": ("text", "The outcome that it passes on, `successful` or `unsuccessful`."),
            "due": ("mapping", "Its clock."),
            "late": ("list", "What the clock records when its time has passed: the first entry whose `when` holds."),
            "cites": MUST_CITE,
            "answers": ("list, nine at most", "One key each."),
            "question": ("wording", "Stands above the answers."),
            "steps": ("list", "A script that is read line by line."),
            "machine": (_one_of(Machine), "What a machine can do of it."),
            "message": ("message", "The mail that it sends; needed with `machine: mail`."),
            "standing": ("yes or no", "Always to be done; holds no case open."),
            "optional": ("yes or no", "If wanted; holds no case open."),
            "waivable": ("yes or no", "May be declined, with a reason."),
        },
    ),
    "duties.*.due": Place(
        "A clock",
        "",
        {
            "target": ("target", "How long."),
            "after": ("fact or list of facts", "From the instant since which it holds; of several, the latest."),
        },
    ),
    "duties.*.late.*": Place(
        "When it is late",
        "",
        {
            "when": ("condition", "Only then."),
            "record": ("fact: value", "What the clock then records; duties may follow from it."),
        },
    ),
    "duties.*.answers.*": Place(
        "An answer",
        "",
        {
            "text": ("wording, needed", "What stands on the key."),
            "note": ("wording", "What follows from it, in small letters."),
            "record": ("fact: value", "What it records. The value `unset` takes a fact back."),
            "asks": ("list of facts", "Open facts that are typed with it."),
            "call": ("one of `answered`, `no_answer`, `machine`, `refused`", "Logs a call with this result."),
        },
    ),
    "duties.*.steps.*": Place(
        "A line of a script",
        "",
        {
            "id": ("text", "Its name."),
            "text": ("wording, needed", "What is read to the User."),
            "when": ("condition", "Only then."),
        },
    ),
    "messages.*": Place(
        "A message",
        "The mail is the opening and below it the lines of the template.",
        {
            "subject": ("wording, needed", ""),
            "opening": ("wording, needed", "Its first words. `{outcome_words}` says what was seen, and by whom."),
            "tells": (
                "recipient: {fact: value}",
                "Who gets it, and what holds once the relay accepted every address of that recipient.",
            ),
            "by_itself": ("duration", "After that time it leaves untouched; never when left out."),
            "by_itself_when": ("condition", "It leaves by itself only while this holds."),
            "by_hand": (
                "yes or no",
                "Pressed by a person it bears no mark of a machine: the partner's desk takes it as somebody's mail.",
            ),
            "defaults": ("mapping of template field to text", "How a template field reads that nobody has told."),
            "cites": MUST_CITE,
        },
    ),
    "template.*": Place(
        "A line of the template",
        "",
        {
            "name": ("text", "Its name."),
            "title": ("text", "As it stands in the mail."),
            "from": ("list of facts", "The first known one is written."),
            "time_format": ("text", "How a time is written, in UTC: `%d/%m/%Y %H:%M:%S` has the seconds."),
            "indicative": ("condition", "The time is marked as indicative while this holds."),
            "absent": ("wording, or a list of them", "Written when nothing is known: the first whose facts all are."),
            "required": ("yes or no", "Without it no mail leaves; yes when left out."),
            "words": ("language: words", "How the line reads in each language; mails are written in English."),
            "cites": CITES,
        },
    ),
    "template.*.words.*": Place(
        "A line of the template in one language",
        "By the language's two letters. Mail that comes in is understood by the words of all languages.",
        {
            "title": ("text", "As the line is called there; the field's own title when left out."),
            "aliases": ("list of texts", "Other names of the line. Capitals, accents and signs do not count."),
            "facts": ("fact: list of texts", "Names of lines that hold this fact of the field alone."),
            "absent": ("wording, or a list of them", "As the field's own `absent`, in the same order."),
            "absent_aliases": ("list of wordings", "Other ways to say that there is none, with or without the reason."),
            "indicative": ("list of texts", "Marks of a time that is not exact. The first English one is written."),
        },
    ),
    "references": Place(
        "References in a mail",
        "Each by language, a list of what may stand before it.",
        {
            "ours": ("language: list of texts", "Before the reference of whoever writes the mail."),
            "yours": ("language: list of texts", "Before the reference of the other one."),
        },
    ),
    "disclosures.*": Place(
        "A disclosure",
        "",
        {
            "field": ("fact", "A personal fact."),
            "to": (_one_of(Side), "Who may see it."),
            "when": ("condition", "While this holds."),
            "cites": MUST_CITE,
        },
    ),
    "readiness.*.*": Place(
        "A requirement of a contact form",
        "Either `purpose` or `flag`.",
        {
            "gap": ("text", "Its name."),
            "text": ("text", "What is missing, as people say it."),
            "purpose": (_one_of(PURPOSES), "A line of the form."),
            "channel": (_one_of(REACHED_BY), "How; both, of one person, when left out."),
            "hours": ("opening hours", "For instance `24/7` or `Mon-Fri 08:00-18:00`."),
            "language": ("two letters", "In which language, for instance `en`."),
            "skills": ("yes or no", "Operational skills are confirmed."),
            "count": ("number", "How many lines or persons; 1 when left out."),
            "flag": (_one_of(FLAGS), "A mark on the form."),
            "cites": MUST_CITE,
        },
    ),
    "kick_off": Place(
        "The kick-off meeting",
        "",
        {
            "owed_by": (_one_of(Side), "Who has to hold it."),
            "business_days": ("number", "Within how many; the day of the demand does not count."),
            "cites": MUST_CITE,
        },
    ),
}
