"""HTML of a mail, made harmless: what is left are words, tables and pictures; nothing that runs, asks or phones home.

ammonia (nh3) takes it apart as a browser does and keeps a list of tags; the second pass only adds: folds for quotes,
and the true host behind each link.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3

from roamdesk.correspondence.parsing.enclosures import Enclosure

LONGEST = 1_000_000  # characters
MOST_INLINE = 4 * 2**20  # bytes of pictures that stand in the page itself
DEEPEST = 1_000  # elements in each other: taking apart what nests deeper takes time that grows with its square

_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd",
    "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "summary", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
})  # fmt: skip
_GONE = frozenset({
    "script", "style", "title", "head", "iframe", "object", "embed", "applet", "svg", "math", "template", "noscript",
    "noembed", "noframes", "select", "textarea", "button", "audio", "video", "canvas", "dialog",
})  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"}, "img": {"src", "alt", "width", "height"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
    "ol": {"start"}, "div": {"id"},
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel", "cid", "data"}
_OUTLOOK_QUOTE = frozenset({"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"})
_VOID = frozenset({"br", "hr", "img", "col"})
_CLOSE_BY_THEMSELVES = _VOID | frozenset({"p", "li", "td", "th", "tr", "dd", "dt", "meta", "link", "input", "option"})
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]{0,30})")
_FOLD = '<details class="quoted"><summary>Quoted mail</summary>'
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class RichText:
    """``html`` is for a document of its own (``Content-Security-Policy: sandbox``), ``hosts`` of pictures left out."""

    html: str
    hosts: tuple[str, ...]


class TooDeep(ValueError):
    """This HTML was made to take time; its text can be read."""


def make_safe(source: str, enclosures: Iterable[Enclosure] = (), *, remote_pictures: bool = False) -> RichText:
    """Pictures of the mail itself stand in the page; those from elsewhere only with ``remote_pictures``.

    Raises TooDeep.
    """
    if _depth(source[:LONGEST]) > DEEPEST:
        raise TooDeep("Its HTML is nested too deeply to be shown. Read its text.")
    pictures = _Pictures({one.content_id: one for one in enclosures if one.content_id}, remote_pictures)
    clean = nh3.clean(
        source[:LONGEST],
        tags=set(_TAGS),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=pictures.attribute,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noreferrer noopener nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return RichText(_folded(clean), tuple(sorted(pictures.left_out)))


def _depth(source: str) -> int:
    """At most how many elements stand in each other: those that close by themselves do not count."""
    depth = deepest = 0
    for tag in _ANY_TAG.finditer(source):
        if tag[2].lower() not in _CLOSE_BY_THEMSELVES:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


@dataclass
class _Pictures:
    inside: dict[str, Enclosure]
    remote: bool
    left_out: set[str] = field(default_factory=set)
    room: int = MOST_INLINE

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """What an attribute is kept as; None leaves it out."""
        if tag == "a" and name == "href":
            return value if _scheme(value) in ("http", "https", "mailto", "tel") else None
        if tag == "img" and name == "src":
            return self._source(value.strip())
        if name == "id":
            return value if value.lower() in _OUTLOOK_QUOTE else None
        if name in ("width", "height", "colspan", "rowspan", "start"):
            return value if value.isascii() and value.isdecimal() and len(value) < 5 else None
        return value

    def _source(self, value: str) -> str | None:
        scheme = _scheme(value)
        if scheme == "cid":
            return self._inside(value[4:].strip("<> "))
        if scheme in ("http", "https"):
            if self.remote:
                return value
            self.left_out.add(_host(value))
        return None

    def _inside(self, content_id: str) -> str | None:
        found = self.inside.get(content_id)
        if found is None or not found.kind.inline_type or found.size > self.room:
            return None
        self.room -= found.size
        return f"data:{found.kind.inline_type};base64,{base64.b64encode(found.content).decode()}"


def _scheme(url: str) -> str:
    """As a browser reads it: blanks before it and line breaks within it do not count."""
    plain = re.sub(r"[\x00-\x20]", "", url)
    return plain.partition(":")[0].lower() if ":" in plain else ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(re.sub(r"[\x00-\x20]", "", url).replace("\\", "/"))
        host = parts.hostname or ""
        return host.encode("idna").decode() if host and not host.isascii() else host
    except (ValueError, UnicodeError):
        return "an address that cannot be read"


def _folded(clean: str) -> str:
    folder = _Folder()
    folder.feed(clean)
    folder.close()
    return folder.done()


class _Folder(HTMLParser):
    """Writes what ammonia wrote once more, with folds and hosts put in between."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        quoted = "fold" in self._open
        if tag == "div" and known.pop("id", "") and not quoted:
            # Outlook quotes without a blockquote: all that follows beside this mark is the old mail.
            self._put("fold", _FOLD)
        elif tag == "blockquote" and not quoted:
            self._put("fold", _FOLD)
        if tag in _VOID:
            self._out.append(_written(tag, known))
            return
        self._put(tag, _written(tag, known))
        if tag == "a":
            self._link = known.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or tag not in self._open:
            return
        if tag == "a":
            self._out.append(_true_host(self._link))
            self._link = ""
        while (last := self._open.pop()) != tag:
            self._out.append("</details>" if last == "fold" else f"</{last}>")
        self._out.append(f"</{tag}>")
        if tag == "blockquote" and self._open and self._open[-1] == "fold":
            self._open.pop()
            self._out.append("</details>")

    def handle_data(self, data: str) -> None:
        self._out.append(escape(_UNSEEN.sub("", data)))

    def done(self) -> str:
        while self._open:
            last = self._open.pop()
            self._out.append("</details>" if last == "fold" else f"</{last}>")
        return "".join(self._out)

    def _put(self, tag: str, written: str) -> None:
        self._open.append(tag)
        self._out.append(written)


def _written(tag: str, attributes: dict[str, str]) -> str:
    told = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{told}>"


def _true_host(link: str) -> str:
    """Where a link really leads, whatever its words say."""
    scheme = _scheme(link)
    if scheme in ("http", "https"):
        return f' <span class="host">[{escape(_host(link))}]</span>'
    return f' <span class="host">[{escape(re.sub("[?].*", "", link)[:200])}]</span>' if scheme else ""
