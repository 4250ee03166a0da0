"""A mail made fit to be read: quotes folded, files told by their content, HTML that is only words and pictures."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.correspondence.parsing.enclosures import enclosures
from roamdesk.correspondence.parsing.kinds import TITLES, kind_of
from roamdesk.correspondence.parsing.quoting import fold, own_words
from roamdesk.correspondence.parsing.rich import TooDeep, make_safe

OLD = "old text\nof ours"
ANSWERS = {
    "gmail en": f"New\n\nOn Thu, Nov 26, 2026 at 10:00 AM VoltPass <a@b.example> wrote:\n\n> {OLD}",
    "gmail de": f"New\n\nAm Do., 26. Nov. 2026 um 10:00 Uhr schrieb VoltPass <a@b.example>:\n\n> {OLD}",
    "gmail it": f"New\n\nIl giorno gio 26 nov 2026 alle ore 10:00 VoltPass <a@b.example> ha scritto:\n\n> {OLD}",
    "gmail fr": f"New\n\nLe jeu. 26 nov. 2026 à 10:00, VoltPass <a@b.example> a écrit :\n\n> {OLD}",
    "outlook en": f"New\n\n-----Original Message-----\nFrom: A\nSent: Monday\nTo: B\nSubject: C\n\n{OLD}",
    "outlook de": f"New\n\nVon: A <a@b.example>\nGesendet: Montag\nAn: B\nBetreff: C\n\n{OLD}",
    "outlook fr": f"New\n\nDe : A\nEnvoyé : lundi\nÀ : B\nObjet : C\n\n{OLD}",
}


@pytest.mark.parametrize("style", ANSWERS)
def test_what_is_new_stands_open_and_the_old_mail_is_folded(style: str) -> None:
    new, old = fold(ANSWERS[style])
    assert (new.text, new.quoted, old.quoted) == ("New", False, True)
    assert "old text" in old.text
    assert own_words(ANSWERS[style]) == "New"


def test_an_answer_between_the_lines_stays_open() -> None:
    text = "> Is it free?\nYes.\n> Who did it?\nAnna."
    assert [(piece.text, piece.quoted) for piece in fold(text)] == [(text, False)]


def test_a_forwarded_mail_without_a_word_before_it_stands_open() -> None:
    assert [piece.quoted for piece in fold("De : a\nEnvoyé : b\nÀ : c\nObjet : d\n\nvieux")] == [False]


@given(st.text(alphabet="ab >:\n\t-_", max_size=400))
def test_nothing_is_left_out_but_blank_lines(text: str) -> None:
    words = "".join(text.split())
    assert "".join("".join(piece.text.split()) for piece in fold(text)) == words


@pytest.mark.parametrize(
    "evil", ["On " * 60_000, "\n" * 100_000, "\n \n" * 50_000, "> a\n" * 30_000, "From:\n" * 20_000]
)
def test_folding_takes_time_that_grows_with_the_length_only(evil: str) -> None:
    started = time.monotonic()
    fold(evil)
    assert time.monotonic() - started < 10


# ---- files ----


def zipped(*names: str, encrypted: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    raw = out.getvalue()
    return raw.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01") if encrypted else raw


OFFICE = "[Content_Types].xml"
HARMLESS = {
    "cdr.pdf": (b"%PDF-1.7", "pdf"),
    "plug.png": (b"\x89PNG\r\n\x1a\n1", "png"),
    "plug.jpg": (b"\xff\xd8\xff\xe0", "jpeg"),
    "a.txt": (b"Hello", "text"),
    "cdrs.csv": (b"a;b\n1;2", "text"),
    "report.docx": (zipped(OFFICE, "word/document.xml"), "docx"),
    "cdrs.xlsx": (zipped(OFFICE, "xl/workbook.xml"), "xlsx"),
    "more.zip": (zipped("cdr.pdf"), "zip"),
    "a.ics": (b"BEGIN:VCALENDAR", "calendar"),
    "empty.txt": (b"", "empty"),
    "winmail.dat": (b"\x78\x9f\x3e\x22", "winmail"),
    "a.webp": (b"RIFF1234WEBP", "webp"),
}
DANGEROUS = {
    "viewer.exe": (b"MZ\x90", "program"),
    "cdr.pdf": (b"MZ\x90", "program"),
    "run": (b"\x7fELF", "program"),
    "a.txt": (b"#!/bin/sh\nrm -rf", "script"),
    "page.txt": (b"<!DOCTYPE html><html>", "html"),
    "logo.png": (b"<svg xmlns='x'>", "svg"),
    "logo.svg": (b"\xff\xfe<\x00s\x00v\x00g\x00>\x00", "svg"),
    "bill.xlsx": (zipped(OFFICE, "xl/vbaProject.bin"), "macros"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old office"),
    "all.zip": (zipped("a/run.JS"), "zip"),
    "locked.zip": (zipped("x.pdf", encrypted=True), "zip"),
    "go.lnk": (b"L\0\0\0\x01\x14\x02\0", "shortcut"),
    "a.js": (b"alert(1)", "text"),
    "photo.jpg .exe ": (b"data", "text"),
    "exe\u202egpj.scr": (b"data", "text"),
    "disk.iso": (b"\0" * 99, "unknown"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_file_is_known_by_its_content(name: str) -> None:
    content, kind = HARMLESS[name]
    found = kind_of(content, name)
    assert (found.name, found.danger) == (kind, "")


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_file_that_may_hurt_is_marked_whatever_it_is_called(name: str) -> None:
    content, kind = DANGEROUS[name]
    found = kind_of(content, name)
    assert found.name == kind
    assert found.danger


def test_a_name_that_does_not_fit_the_content_is_said() -> None:
    assert kind_of(b"MZ\x90", "cdr.pdf").odd == "its name says PDF, its content is Program"
    assert kind_of(b"%PDF-1.7", "cdr.pdf").odd == ""


@given(st.binary(max_size=300), st.text(max_size=30), st.text(max_size=30))
def test_whatever_the_bytes_are_a_kind_is_found(content: bytes, name: str, declared: str) -> None:
    assert kind_of(content, name, declared).title in TITLES.values()


def test_forwarded_mails_winmail_and_calendars_are_named_as_such() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: old\r\n\r\nx\r\n"
        b"--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\neJ8+Ig==\r\n"
        b"--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--b--\r\n"
    )
    assert [one.kind.title for one in enclosures(raw)] == [
        "Forwarded mail", "winmail.dat of Outlook", "Calendar entry",
    ]  # fmt: skip


# ---- HTML ----


def test_a_picture_of_the_mail_itself_stands_in_the_page() -> None:
    raw = (
        b"Content-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<img src='cid:p1'>\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--"
    )
    assert make_safe("<img src='cid:p1'>", enclosures(raw)).html == '<img src="data:image/png;base64,iVBORw0KGgo=">'


def test_a_web_page_that_calls_itself_a_picture_does_not() -> None:
    raw = b"Content-Type: image/png\r\nContent-ID: <p1>\r\nContent-Disposition: attachment\r\n\r\n<svg onload=alert(1)>"
    assert make_safe("<img src='cid:p1' alt='x'>", enclosures(raw)).html == '<img alt="x">'


def test_remote_pictures_are_named_and_left_out_until_they_are_asked_for() -> None:
    source = '<img src="https://t.example/p.gif"><img src="http://u.example/q.gif">'
    assert make_safe(source).hosts == ("t.example", "u.example")
    assert "t.example" not in make_safe(source).html
    assert "https://t.example/p.gif" in make_safe(source, remote_pictures=True).html


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://evil.example/x", "evil.example"),
        ("https://good.example@evil.example/", "evil.example"),
        ("https:\\\\evil.example", "evil.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("mailto:a@b.example?subject=x", "mailto:a@b.example"),
    ],
)
def test_where_a_link_leads_stands_behind_it(link: str, host: str) -> None:
    assert f'<span class="host">[{host}]</span></a>' in make_safe(f'<a href="{link}">www.good.example</a>').html


def test_quotes_are_folded_once_blockquotes_and_outlooks_alike() -> None:
    nested = make_safe("<p>New</p><blockquote>old<blockquote>older</blockquote></blockquote><p>end</p>").html
    assert nested.count("<details") == nested.count("</details>") == 1
    assert nested.endswith("</details><p>end</p>")
    outlook = make_safe('<div><p>New</p><div id="divRplyFwdMsg">From: x</div><p>old</p></div><p>end</p>').html
    assert outlook.endswith("<p>old</p></details></div><p>end</p>")


@pytest.mark.parametrize("tag", ["<div>", "<blockquote>", "<ul><li>", "<table><tr><td>", "<xyz>"])
def test_html_that_nests_without_end_is_not_taken_apart(tag: str) -> None:
    with pytest.raises(TooDeep):
        make_safe(tag * 50_000)


@given(st.text(alphabet="<>/=\"' &;abhrefscriptimgonload:#x0", max_size=200))
def test_whatever_the_html_is_no_script_is_left(source: str) -> None:
    html = make_safe(source).html
    assert "<script" not in html
