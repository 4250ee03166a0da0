"""Whether a machine wrote a mail, by what its header says (RFC 3834, RFC 5230, and what is customary)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Headers = Mapping[str, Sequence[str]]

_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_MARKS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply",
    "x-roamdesk-case", "x-loop",
)  # fmt: skip


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
    return next((f"{name.title()} is set" for name in _MARKS if name in headers), "")


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
