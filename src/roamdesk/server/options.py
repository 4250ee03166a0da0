"""Every setting, in one list: name, default, what it does. ``roamdesk doctor --settings`` prints it."""

from __future__ import annotations

import contextlib
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
            raise SystemExit(f"{self.name}={self.text()!r} is not a number. Set a whole number or unset it.") from None

    def path(self) -> Path:
        return Path(self.text()).expanduser().resolve()

    def yes(self) -> bool:
        return self.text().lower() in {"1", "yes", "true", "on"}

    def shown(self) -> str:
        """The value now, fit to be printed."""
        return "(set, not shown)" if self.secret and self.text() else self.text()


VAR = Option("ROAMDESK_VAR", "var", "Folder of the embedded database, the secret key and collected files")
DATABASE_URL = Option(
    "DATABASE_URL", "", "PostgreSQL 15 or newer; empty: the embedded one under ROAMDESK_VAR", secret=True
)
SECRET_KEY = Option(
    "ROAMDESK_SECRET_KEY", "", "Signs sessions and links; empty: made once under ROAMDESK_VAR", secret=True
)
DEMO = Option("ROAMDESK_DEMO", "", "1: serve brings the demo desks, stations and mail server along")
LISTEN = Option("ROAMDESK_LISTEN", "127.0.0.1:8000", "Address of the console")
PUBLIC_URL = Option(
    "ROAMDESK_PUBLIC_URL", "", "Where partners reach the console, for links in mails; empty: http and ROAMDESK_LISTEN"
)
ALLOWED_HOSTS = Option("ROAMDESK_HOSTS", "localhost 127.0.0.1 [::1]", "Host names the console answers to")
HTTPS = Option("ROAMDESK_HTTPS", "", "1: people come over https, through a proxy that sets X-Forwarded-Proto")
TRUSTED_ORIGINS = Option("ROAMDESK_ORIGINS", "", "Origins of forms behind a proxy, for instance https://desk.example")
PROXIES = Option("ROAMDESK_PROXIES", "0", "How many proxies of ours stand before the console")
WEB_WORKERS = Option("ROAMDESK_WEB_WORKERS", "1", "Processes of one web command")
WEB_THREADS = Option("ROAMDESK_WEB_THREADS", "8", "Pages that one such process makes at a time")
JOBS_AT_A_TIME = Option("ROAMDESK_JOBS", "4", "Jobs that one worker performs at a time")
METRICS_TOKEN = Option("ROAMDESK_METRICS_TOKEN", "", "Bearer token for /metrics; empty: this machine only", secret=True)
LOG_LEVEL = Option("ROAMDESK_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR")
STATIONS_LISTEN = Option("ROAMDESK_STATIONS_LISTEN", "127.0.0.1:9000", "Address of the station endpoint")
STATIONS_CERTIFICATE = Option(
    "ROAMDESK_STATIONS_CERTIFICATE", "", "PEM file with chain: the station endpoint speaks wss"
)
STATIONS_KEY = Option("ROAMDESK_STATIONS_KEY", "", "PEM file with the private key")
COMMAND_TIMEOUT = Option("ROAMDESK_COMMAND_TIMEOUT", "30", "Seconds until a station's silence counts as unknown")
OICP_LISTEN = Option("ROAMDESK_OICP_LISTEN", "", "Address that a roaming hub calls (OICP); empty: none")
OICP_CERTIFICATE = Option(
    "ROAMDESK_OICP_CERTIFICATE", "", "PEM file with chain of that address; empty: plain, for a proxy before it"
)
OICP_KEY = Option("ROAMDESK_OICP_KEY", "", "PEM file with the private key")
OICP_ROOTS = Option("ROAMDESK_OICP_ROOTS", "", "PEM file of the roots under which a hub's certificate must stand")
OICP_PROXIES = Option("ROAMDESK_OICP_PROXIES", "", "Addresses of our proxies that check the hub's certificate")
OICP_PROXY_HEADER = Option(
    "ROAMDESK_OICP_PROXY_HEADER", "", "Header in which they pass it on, for instance X-Client-Certificate"
)
SMTP_HOST = Option("ROAMDESK_SMTP_HOST", "127.0.0.1", "Relay that takes our mail")
SMTP_PORT = Option("ROAMDESK_SMTP_PORT", "1025", "Its port")
SMTP_USER = Option("ROAMDESK_SMTP_USER", "", "User at the relay; empty: none")
SMTP_PASSWORD = Option("ROAMDESK_SMTP_PASSWORD", "", "Password at the relay", secret=True)
SMTP_TLS = Option("ROAMDESK_SMTP_TLS", "", "starttls, tls, or empty for none")
MAIL_LISTEN = Option("ROAMDESK_MAIL_LISTEN", "", "Address that takes incoming mail by SMTP; empty: none")
LMTP_LISTEN = Option("ROAMDESK_LMTP_LISTEN", "", "Address that takes incoming mail by LMTP; empty: none")
MAIL_TAGS = Option(
    "ROAMDESK_MAIL_TAGS", "", "1: answers go to ADDRESS+TAG; set it only where your mail server takes such addresses"
)
MAIL_INSIDE = Option(
    "ROAMDESK_MAIL_INSIDE", str(2**20), "Bytes up to which a mail stays in the database; larger ones go to the folder"
)
MAIL_FOLDER = Option(
    "ROAMDESK_MAIL_FOLDER", "", "Folder of large mails, the same for every machine; empty: mail under ROAMDESK_VAR"
)
CONTENT_URL = Option(
    "ROAMDESK_CONTENT_URL", "", "Another origin that hands out files of mails, of /content/ only; empty: the console"
)
OIDC_SERVER = Option("ROAMDESK_OIDC_SERVER", "", "OpenID Connect issuer; empty: passwords only")
OIDC_CLIENT = Option("ROAMDESK_OIDC_CLIENT", "", "Client id at the issuer")
OIDC_SECRET = Option("ROAMDESK_OIDC_SECRET", "", "Client secret at the issuer", secret=True)


def all_options() -> list[Option]:
    return [value for value in globals().values() if isinstance(value, Option)]


def secret_from(var: Path) -> str:
    """The secret key kept under ``var``; made at the first start, readable by the owner only."""
    file = var / "secret-key"
    var.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        # Written aside and linked into place: of two first starts at once, one key wins and both read it.
        draft = var / f"secret-key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text()
