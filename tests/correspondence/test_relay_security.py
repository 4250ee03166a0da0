"""TLS and login at the relay, against a real SMTP server with a certificate of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django_scopes import scopes_disabled

from roamdesk.correspondence import services
from roamdesk.correspondence.models import Message

State = Message.State
Queue = Callable[..., Message]


class Counter:
    """Counts what arrived, and whether it came over TLS."""

    def __init__(self) -> None:
        self.over_tls: list[bool] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.over_tls.append(session.ssl is not None)
        return "250 taken"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "relay.pem"
    file.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def relay(certificate: Path, settings: Any) -> Iterator[Counter]:
    """Takes mail over STARTTLS only, from desk with its password."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"desk", b"right"), handled=False)

    counter = Counter()
    controller = Controller(
        counter, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
        authenticator=login, auth_required=True,
    )  # fmt: skip
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "right"
    yield counter
    controller.stop()


def test_mail_goes_over_tls_with_our_login_to_a_relay_whose_certificate_is_trusted(
    queue: Queue, relay: Counter, certificate: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert services.attempt(queue().pk, at) == State.ACCEPTED
    assert relay.over_tls == [True]


def test_a_relay_whose_certificate_is_not_trusted_gets_nothing_and_the_mail_waits(
    queue: Queue, relay: Counter, at: datetime
) -> None:
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    with scopes_disabled():
        assert "certificate" in Message.objects.get(pk=message.pk).last_reply
    assert relay.over_tls == []


def test_a_wrong_password_at_the_relay_is_a_matter_of_settings_and_the_mail_waits(
    queue: Queue, relay: Counter, certificate: Path, at: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.EMAIL_HOST_PASSWORD = "wrong"
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    with scopes_disabled():
        assert Message.objects.get(pk=message.pk).last_reply.startswith("535")


def test_a_relay_that_wants_a_login_keeps_the_mail_waiting_and_says_why(
    queue: Queue, relay: Counter, certificate: Path, at: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.EMAIL_HOST_USER = ""
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    with scopes_disabled():
        assert Message.objects.get(pk=message.pk).last_reply.startswith("530")
