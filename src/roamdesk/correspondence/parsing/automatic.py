"""Whether a machine wrote a mail, by what its header says (RFC 3834, RFC 5230, and what is customary)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr

Headers = Mapping[str, Sequence[str]]

_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_MARKS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply",
    "x-roamdesk-automatic", "x-loop",
)  # fmt: skip
_NOBODY_READS = re.compile(
    r"((no|not|do-?not|never)[-_.]?(reply|answer|respond)|mailer-daemon|postmaster|bounces?|auto-?(reply|responder)|"
    r"notifications?)([-_.+].*)?"
)
_SAYS_SO = re.compile(
    r"(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|automatische antwort|abwesenheits\w*|"
    r"risposta automatica|fuori sede|réponse automatique|absence du bureau)\b"
)


def why_automatic(headers: Headers, envelope_from: str) -> str:
    """The field that says so, in short; empty for a person's mail. Header names are in lower case."""
    submitted = _first(headers, "auto-submitted").split(";")[0].strip().lower()
    if submitted and submitted != "no":
        return f"Auto-Submitted: {submitted}"[:200]
    precedence = _first(headers, "precedence").strip().lower()
    if precedence in _BULK:
        return f"Precedence: {precedence}"
    if listed := next((name for name in headers if name.startswith("list-")), ""):
        return f"{listed.title()} is set"[:200]
    if _first(headers, "x-auto-response-suppress").strip().lower() not in ("", "none"):
        return "X-Auto-Response-Suppress is set"
    if envelope_from in ("", "<>") or _first(headers, "return-path").strip() == "<>":
        return "The return path is empty"
    if mark := next((name for name in _MARKS if name in headers), ""):
        return f"{mark.title()} is set"
    return _nobody_wrote(headers)


def _nobody_wrote(headers: Headers) -> str:
    """Machines that set no mark: an address that nobody reads, a delivery report, an absence in the subject."""
    local = parseaddr(_first(headers, "from"))[1].rpartition("@")[0].lower()
    if _NOBODY_READS.fullmatch(local):
        return f"Nobody reads {local}"[:200]
    if _first(headers, "content-type").lower().startswith("multipart/report"):
        return "It is a report of a mail server"
    return "Its subject says so" if _SAYS_SO.match(_first(headers, "subject").strip().lower()) else ""


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
