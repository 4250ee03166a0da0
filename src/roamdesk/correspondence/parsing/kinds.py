"""What a file is, by its first bytes; what its name and its sender claim stands beside it, and proves nothing."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

LOOKED_AT = 4096  # bytes at the beginning
MOST_NAMES = 2_000

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"),
    (b"GIF89a", "gif"), (b"BM", "bmp"), (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"PK\x03\x04", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old office"), (b"{\\rtf", "rtf"), (b"MZ", "program"),
    (b"\x7fELF", "program"), (b"\xcf\xfa\xed\xfe", "program"), (b"\xce\xfa\xed\xfe", "program"),
    (b"\xca\xfe\xba\xbe", "program"), (b"#!", "script"), (b"\x4c\0\0\0\x01\x14\x02\0", "shortcut"),
    (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"\x78\x9f\x3e\x22", "winmail"),
    (b"BEGIN:VCALENDAR", "calendar"), (b"BEGIN:VCARD", "vcard"), (b"OggS", "sound"), (b"ID3", "sound"),
)  # fmt: skip
TITLES = {
    "pdf": "PDF", "png": "PNG picture", "jpeg": "JPEG picture", "gif": "GIF picture", "webp": "WebP picture",
    "bmp": "Bitmap", "tiff": "TIFF picture", "svg": "SVG drawing", "html": "Web page", "xml": "XML",
    "zip": "ZIP archive", "gzip": "GZIP archive", "7z": "7z archive", "rar": "RAR archive", "docx": "Word document",
    "xlsx": "Excel sheet",
    "pptx": "PowerPoint file",
    "macros": "Office file with macros", "old office": "Office file of the old form",
    "rtf": "RTF document", "program": "Program", "script": "Script", "shortcut": "Shortcut",
    "winmail": "winmail.dat of Outlook", "calendar": "Calendar entry", "vcard": "Contact card",
    "mail": "Forwarded mail", "json": "JSON", "csv": "Table (CSV)", "sound": "Sound",
    "movie": "Film", "text": "Text", "empty": "Empty", "unknown": "Of unknown kind",
}  # fmt: skip
_DANGERS = {
    "program": "it is a program",
    "script": "it is a script",
    "shortcut": "it is a shortcut that may start a program",
    "macros": "it holds macros",
    "old office": "it may hold macros",
    "html": "it is a web page and may run scripts or ask for passwords",
    "svg": "it is a drawing that may run scripts",
    "archive": "it is an archive with something in it that can be started",
    "locked": "it is an archive with a password: nobody could look into it",
}
_RUN_BY_NAME = frozenset({
    "exe", "com", "scr", "pif", "cpl", "msi", "msp", "mst", "bat", "cmd", "ps1", "psm1", "vb", "vbs", "vbe", "js",
    "jse", "mjs", "ws", "wsf", "wsh", "hta", "jar", "sh", "bash", "py", "pl", "rb", "php", "app", "dmg", "pkg",
    "deb", "rpm", "apk", "iso", "img", "vhd", "lnk", "url", "scf", "reg", "inf", "dll", "sys", "ocx", "chm", "xll",
    "xlam", "docm", "dotm", "xlsm", "xltm", "xlsb", "pptm", "ppam", "one", "html", "htm", "xhtml", "mht", "mhtml",
    "shtml", "svg", "svgz", "xsl", "xslt", "appref-ms", "application", "gadget", "library-ms", "search-ms",
})  # fmt: skip
_NAMES_OF = {
    "pdf": "pdf", "png": "png", "jpeg": "jpg jpeg jpe jfif", "gif": "gif", "webp": "webp", "zip": "zip",
    "rtf": "rtf doc", "docx": "docx dotx", "xlsx": "xlsx xltx", "pptx": "pptx potx",
    "old office": "doc xls ppt msg dot xlt pps mpp vsd",
    "calendar": "ics ical ifb vcs", "vcard": "vcf", "mail": "eml", "gzip": "gz tgz",
    "json": "json", "csv": "csv tsv txt", "bmp": "bmp", "tiff": "tif tiff", "7z": "7z", "rar": "rar",
}  # fmt: skip
_INLINE = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
_MARKUP = re.compile(rb"<(!doctype html|html|head|body|script|iframe|img|table|div|p|a|meta|form)[\s>/]", re.IGNORECASE)
_SVG = re.compile(rb"<(\w+:)?svg[\s>/]", re.IGNORECASE)


@dataclass(frozen=True)
class Kind:
    """``name`` is a key of ``TITLES``; ``danger`` says why it may hurt, ``odd`` what does not fit; empty for no."""

    name: str
    danger: str
    odd: str

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def inline_type(self) -> str:
        """The media type under which a picture may stand in a page; empty for anything else."""
        return _INLINE.get(self.name, "")


def kind_of(content: bytes, name: str = "", declared: str = "") -> Kind:
    """By the content first; ``name`` and ``declared`` are the sender's: they may make it dangerous, never harmless."""
    found = _by_content(content, declared)
    last = _ending(name)
    danger = _DANGERS.get(found, "") or _inside(found, content)
    if not danger and last in _RUN_BY_NAME:
        danger = f"its name ends with .{last}, which computers start"
    return Kind(found if found in TITLES else "zip", danger, _odd(found, last))


def _by_content(content: bytes, declared: str) -> str:
    head = content[:LOOKED_AT]
    if not head:
        return "empty"
    if declared == "message/rfc822":
        return "mail"
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return _in_zip(content) if kind == "zip" else kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return "movie"
    return _of_text(head, declared)


def _of_text(head: bytes, declared: str) -> str:
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[1:2] == b"\0":
        plain = head.replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if _SVG.search(plain):
        return "svg"
    # A sender that says so is believed: it makes the file more dangerous, never less.
    if _MARKUP.search(plain) or declared in ("text/html", "application/xhtml+xml"):
        return "html"
    if b"\0" in plain:
        return "unknown"
    start = plain.lstrip()[:5]
    if start.startswith(b"<?xml"):
        return "xml"
    if start.startswith((b"{", b"[")) and "json" in declared:
        return "json"
    return "csv" if "csv" in declared else "text" if _is_text(plain) else "unknown"


def _is_text(plain: bytes) -> bool:
    strange = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in plain)
    return strange * 50 < len(plain)


def _names_in(content: bytes) -> list[zipfile.ZipInfo]:
    try:
        return zipfile.ZipFile(io.BytesIO(content)).infolist()[:MOST_NAMES]
    # A broken archive raises in many ways; its content is not read here.
    except Exception:
        return []


def _in_zip(content: bytes) -> str:
    names = {entry.filename.lower() for entry in _names_in(content)}
    if any(name.endswith(("vbaproject.bin", "/xlm.bin")) or "/macrosheets/" in name for name in names):
        return "macros"
    for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
        if "[content_types].xml" in names and any(name.startswith(folder) for name in names):
            return kind
    return "zip"


def _inside(found: str, content: bytes) -> str:
    if found != "zip":
        return ""
    entries = _names_in(content)
    if any(entry.flag_bits & 1 for entry in entries):
        return _DANGERS["locked"]
    return _DANGERS["archive"] if any(_ending(entry.filename) in _RUN_BY_NAME for entry in entries) else ""


def _ending(name: str) -> str:
    """What follows the last dot, as Windows sees it: blanks, dots and marks of direction at the end do not count."""
    shown = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", name).rstrip(" .").lower()
    return shown.rpartition(".")[2] if "." in shown else ""


def _odd(found: str, last: str) -> str:
    fits = _NAMES_OF.get(found, "").split()
    claimed = next((kind for kind, endings in _NAMES_OF.items() if last in endings.split()), "")
    if not claimed or last in fits or (found == "text" and claimed in ("csv", "json", "calendar", "vcard", "mail")):
        return ""
    return f"its name says {TITLES[claimed]}, its content is {TITLES.get(found, 'a ZIP archive')}"
