"""Every setting, in one list: name, default, what it does. ``roamdesk doctor --settings`` prints it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Option:
    """One environment variable. ``text`` reads it now, so that a test may set it."""

    name: str
    default: str
    explains: str
    secret: bool = False

    def text(self) -> str:
        return os.environ.get(self.name, self.default)

    def words(self) -> list[str]:
        return self.text().replace(",", " ").split()

    def number(self) -> int:
        """Raises SystemExit with the mend when the value is no number."""
        try:
            return int(self.text())
        except ValueError:
            raise SystemExit(
                f"{self.name}={self.text()!r} is not a number. Set a whole number or unset it."
            ) from None

    def path(self) -> Path:
        return Path(self.text()).expanduser().resolve()

    def yes(self) -> bool:
        return self.text().lower() in {"1", "yes", "true", "on"}


VAR = Option("ROAMDESK_VAR", "var", "Folder for the embedded database, the secret key and files")
DATABASE_URL = Option(
    "DATABASE_URL", "", "PostgreSQL 15 or newer; empty: the embedded one under ROAMDESK_VAR", secret=True
)
SECRET_KEY = Option(
    "ROAMDESK_SECRET_KEY", "", "Signs sessions and links; empty: made once under ROAMDESK_VAR", secret=True
)
ALLOWED_HOSTS = Option("ROAMDESK_HOSTS", "localhost 127.0.0.1 [::1]", "Host names the console answers to")
TRUSTED_ORIGINS = Option(
    "ROAMDESK_ORIGINS", "", "Origins of forms behind a proxy, for instance https://desk.example"
)
LISTEN = Option("ROAMDESK_LISTEN", "127.0.0.1:8000", "Address of the console")
STATIONS_LISTEN = Option("ROAMDESK_STATIONS_LISTEN", "127.0.0.1:9000", "Address of the station endpoint")
STATIONS_CERTIFICATE = Option(
    "ROAMDESK_STATIONS_CERTIFICATE", "", "PEM file with chain: the station endpoint speaks wss"
)
STATIONS_KEY = Option("ROAMDESK_STATIONS_KEY", "", "PEM file with the private key")
SMTP_HOST = Option("ROAMDESK_SMTP_HOST", "127.0.0.1", "Relay that takes our mail")
SMTP_PORT = Option("ROAMDESK_SMTP_PORT", "1025", "Its port")
SMTP_USER = Option("ROAMDESK_SMTP_USER", "", "User at the relay; empty: none")
SMTP_PASSWORD = Option("ROAMDESK_SMTP_PASSWORD", "", "Password at the relay", secret=True)
SMTP_TLS = Option("ROAMDESK_SMTP_TLS", "", "starttls, tls, or empty for none")
COMMAND_TIMEOUT = Option(
    "ROAMDESK_COMMAND_TIMEOUT", "30", "Seconds until a station's silence counts as unknown"
)
OIDC_SERVER = Option("ROAMDESK_OIDC_SERVER", "", "OpenID Connect issuer; empty: passwords only")
OIDC_CLIENT = Option("ROAMDESK_OIDC_CLIENT", "", "Client id at the issuer")
OIDC_SECRET = Option("ROAMDESK_OIDC_SECRET", "", "Client secret at the issuer", secret=True)


def all_options() -> list[Option]:
    return [value for value in globals().values() if isinstance(value, Option)]


def secret_from(var: Path) -> str:
    """The secret key kept under ``var``; made at the first start, readable by the owner only."""
    file = var / "secret-key"
    if not file.exists():
        var.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(50))
    return file.read_text()
