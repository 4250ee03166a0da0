"""What a mailbox may be, what a person is told when it does not work, and how it signs in."""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme
from django_scopes import scope, scopes_disabled

from correspondence.imap_server import PASSWORD, USER, ImapServer, Proxy
from roamdesk.correspondence import mailboxes
from roamdesk.correspondence.imap.secrets import unseal
from roamdesk.correspondence.intake import Fetched, store_from_mailbox
from roamdesk.correspondence.mailboxes import MailboxRefused, MailboxTrouble
from roamdesk.correspondence.models import Arrival, IncomingMail, Mailbox
from roamdesk.desks.models import Desk

Put = Callable[..., Mailbox]


@pytest.fixture
def put(cpo_desk: Desk, at: datetime) -> Put:
    def make(secrets: dict[str, str] | None = None, **changes: Any) -> Mailbox:
        given = {"name": "support", "host": "127.0.0.1", "port": 993, "user": USER}
        with scope(desk=cpo_desk):
            return mailboxes.put_mailbox(
                cpo_desk, mailboxes.Given(**given | changes), secrets or {"password": PASSWORD}, at=at
            )

    return make


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "imap.example", "security": "none"}, "another machine"),
        ({"port": 70_000}, "1 to 65535"),
        ({"name": ""}, "Name"),
        ({"user": "a\r\nb"}, "cannot be seen"),
        ({"move_to": "INBOX"}, "Name another"),
        ({"login": "oauth"}, "access token"),
        ({"login": "oauth", "token_url": "http://login.example/token", "client_id": "1"}, "in the open"),
        ({"login": "oauth", "token_url": "https://login.example/token"}, "client id"),
        ({"security": "ssl3"}, "Security"),
    ],
)
def test_a_mailbox_that_cannot_work_is_refused_with_what_to_correct(
    put: Put, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MailboxRefused, match=words):
        put(**changes)
    with scopes_disabled():
        assert not Mailbox.objects.exists()


def test_no_secret_stands_in_the_database_as_it_is(put: Put) -> None:
    mailbox = put()
    assert PASSWORD not in mailbox.secrets
    assert unseal(mailbox.secrets) == {"password": PASSWORD}


def test_told_again_a_mailbox_is_corrected_and_keeps_the_secret_that_is_not_given(put: Put) -> None:
    put()
    mailbox = put({"password": ""}, port=1993)
    assert (mailbox.port, unseal(mailbox.secrets)) == (1993, {"password": PASSWORD})


def test_another_place_is_another_mailbox(put: Put) -> None:
    put()
    with pytest.raises(MailboxRefused, match="remove it and add the other one"):
        put(user="other@nordlade.example")


def test_removed_it_leaves_its_mails(put: Put, cpo_desk: Desk, at: datetime) -> None:
    mailbox = put()
    store_from_mailbox(cpo_desk, [Fetched(2, b"x", 1, "")], mailbox=mailbox.key, uidvalidity=1, at=at)
    with scope(desk=cpo_desk):
        mailboxes.remove_mailbox(mailbox)
        assert (Mailbox.objects.count(), IncomingMail.objects.count(), Arrival.objects.count()) == (0, 1, 1)


def test_with_another_secret_key_the_password_has_to_be_entered_again(put: Put, settings: Any, at: datetime) -> None:
    mailbox = put()
    settings.SECRET_KEY = "another-key-that-nobody-knew-before"
    with ImapServer() as server:
        mailbox.port, mailbox.security = server.port, "none"
        with pytest.raises(MailboxTrouble, match="enter the password again"):
            mailboxes.try_mailbox(mailbox, at=at)
    assert unseal(put().secrets) == {"password": PASSWORD}


def test_tried_it_says_what_is_there_and_has_it_fetched(put: Put, at: datetime) -> None:
    with ImapServer() as server:
        server.put(b"From: a@b.example\r\n\r\nx\r\n")
        mailbox = put(port=server.port, security="none")
        told = mailboxes.try_mailbox(mailbox, at=at)
    assert told == f"Signed in as {USER}. INBOX holds 1 mails; new mail is told at once."
    with scopes_disabled():
        assert Mailbox.objects.get().asked_at == at


@pytest.mark.parametrize(
    ("secret", "changes", "words"),
    [("wrong", {}, "refused to sign us in"), (PASSWORD, {"folder": "Nowhere"}, "no folder 'Nowhere'")],
)
def test_tried_it_says_what_is_wrong(put: Put, at: datetime, secret: str, changes: dict[str, str], words: str) -> None:
    with ImapServer() as server, pytest.raises(MailboxTrouble, match=words):
        mailboxes.try_mailbox(put({"password": secret}, port=server.port, security="none", **changes), at=at)


def test_a_port_where_nobody_listens_and_one_that_speaks_otherwise_are_told(put: Put, at: datetime) -> None:
    with Proxy(1) as nobody:
        port = nobody.port
    with pytest.raises(MailboxTrouble, match="does not answer as a mail server"):
        mailboxes.try_mailbox(put(port=port, security="none"), at=at)
    with ImapServer() as plain, pytest.raises(MailboxTrouble, match="speaks no TLS"):
        mailboxes.try_mailbox(put(port=plain.port), at=at)


def test_what_another_service_says_is_not_passed_on(put: Put, at: datetime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            with other.accept()[0] as client:
                client.sendall(b"SSH-2.0-secret-version\r\n")

        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(MailboxTrouble, match="something else than IMAP") as told:
            mailboxes.try_mailbox(put(port=other.getsockname()[1], security="none"), at=at)
    assert "secret-version" not in str(told.value)


# TLS


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this machine trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return ca


def certified(ca: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(host).configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_over_tls_it_signs_in(put: Put, at: datetime, authority: trustme.CA, security: str) -> None:
    with ImapServer(certified(authority, "localhost"), starttls=security == "starttls") as server:
        assert "Signed in" in mailboxes.try_mailbox(put(host="localhost", port=server.port, security=security), at=at)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_another_host_is_refused_before_the_password_leaves(
    put: Put, at: datetime, authority: trustme.CA, security: str
) -> None:
    other = certified(authority, "imap.else.example")
    with ImapServer(other, starttls=security == "starttls") as server, Proxy(server.port) as proxy:
        with pytest.raises(MailboxTrouble, match=r"not trusted: .*ostname"):
            mailboxes.try_mailbox(put(host="localhost", port=proxy.port, security=security), at=at)
        assert PASSWORD.encode() not in proxy.heard


def test_a_certificate_of_an_unknown_authority_is_refused(put: Put, at: datetime, authority: trustme.CA) -> None:
    unknown = certified(trustme.CA(), "localhost")
    with ImapServer(unknown) as server, pytest.raises(MailboxTrouble, match="is not trusted"):
        mailboxes.try_mailbox(put(host="localhost", port=server.port), at=at)


def test_a_server_without_starttls_never_hears_the_password(put: Put, at: datetime) -> None:
    with ImapServer() as server, Proxy(server.port) as proxy:
        with pytest.raises(MailboxTrouble, match="TLS not supported"):
            mailboxes.try_mailbox(put(host="localhost", port=proxy.port, security="starttls"), at=at)
        assert PASSWORD.encode() not in proxy.heard


# OAuth 2.0


class OauthServer(socketserver.ThreadingTCPServer):
    """As much IMAP as signing in with XOAUTH2 needs; ``good`` is the token that it takes."""

    daemon_threads = True
    good = "token-1"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OauthConversation)


class OauthConversation(socketserver.StreamRequestHandler):
    server: OauthServer

    def handle(self) -> None:
        self.say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, word, *_ = line.split(" ")
            getattr(self, word.lower(), self.fine)(tag)

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def fine(self, tag: str) -> None:
        self.say(f"{tag} OK done")

    def capability(self, tag: str) -> None:
        self.say("* CAPABILITY IMAP4REV1 AUTH=XOAUTH2", f"{tag} OK done")

    def examine(self, tag: str) -> None:
        self.say("* 7 EXISTS", "* OK [UIDVALIDITY 3] so", f"{tag} OK [READ-ONLY] done")

    def logout(self, tag: str) -> None:
        self.say("* BYE", f"{tag} OK done")

    def authenticate(self, tag: str) -> None:
        self.say("+ ")
        given = base64.b64decode(self.rfile.readline()).decode()
        if given == f"user={USER}\1auth=Bearer {self.server.good}\1\1":
            self.say(f"{tag} OK signed in")
        else:
            self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
            assert self.rfile.readline() == b"\r\n"
            self.say(f"{tag} NO AUTHENTICATE failed")


@pytest.fixture
def oauth() -> Iterator[OauthServer]:
    with OauthServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def token_server(answer: dict[str, Any], status: int = 200) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Its address, and what it was asked."""
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token", asked
        server.shutdown()


def test_with_an_access_token_it_signs_in(put: Put, oauth: OauthServer, at: datetime) -> None:
    mailbox = put({"access_token": "token-1"}, port=oauth.server_address[1], security="none", login="oauth")
    assert "INBOX holds 7 mails; it is asked once a minute" in mailboxes.try_mailbox(mailbox, at=at)


def test_a_token_that_is_refused_is_told_with_the_servers_reason(put: Put, oauth: OauthServer, at: datetime) -> None:
    mailbox = put({"access_token": "old"}, port=oauth.server_address[1], security="none", login="oauth")
    with pytest.raises(MailboxTrouble, match=r'refused to sign us in: AUTHENTICATE failed.*"401"'):
        mailboxes.try_mailbox(mailbox, at=at)


def test_with_a_refresh_token_an_access_token_is_fetched_and_a_new_refresh_token_is_kept(
    put: Put, oauth: OauthServer, at: datetime
) -> None:
    with token_server({"access_token": "token-1", "expires_in": 3600, "refresh_token": "next"}) as (url, asked):
        mailbox = put(
            {"refresh_token": "first", "client_secret": "s"}, port=oauth.server_address[1], security="none",
            login="oauth", token_url=url, client_id="id",
        )  # fmt: skip
        assert "Signed in" in mailboxes.try_mailbox(mailbox, at=at)
    assert asked == [
        {"grant_type": ["refresh_token"], "client_id": ["id"], "client_secret": ["s"], "refresh_token": ["first"]}
    ]
    with scopes_disabled():
        kept = unseal(Mailbox.objects.get().secrets)
    assert kept == {"refresh_token": "next", "client_secret": "s"}


def test_without_a_refresh_token_the_application_signs_in_as_itself(put: Put, oauth: OauthServer, at: datetime) -> None:
    with token_server({"access_token": "token-1"}) as (url, asked):
        mailbox = put(
            {"client_secret": "s"}, port=oauth.server_address[1], security="none", login="oauth", token_url=url,
            client_id="id", scope="https://mail.example/.default",
        )  # fmt: skip
        mailboxes.try_mailbox(mailbox, at=at)
    assert asked[0]["grant_type"] == ["client_credentials"]
    assert asked[0]["scope"] == ["https://mail.example/.default"]


def test_a_token_server_that_refuses_is_told_in_its_words(put: Put, oauth: OauthServer, at: datetime) -> None:
    refusal = {"error": "invalid_grant", "error_description": "The token was revoked."}
    with token_server(refusal, 400) as (url, _):
        mailbox = put(
            {"refresh_token": "old"}, port=oauth.server_address[1], security="none", login="oauth", token_url=url,
            client_id="id",
        )  # fmt: skip
        with pytest.raises(MailboxTrouble, match="no access token: The token was revoked"):
            mailboxes.try_mailbox(mailbox, at=at)
