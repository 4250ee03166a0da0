"""How a station proves itself: HTTP Basic and the security profiles 0 to 2 (OCPP-J section 6, A00)."""

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import unquote, urlsplit

MAX_IDENTITY = 48


class SecurityProfile(IntEnum):
    NONE = 0
    BASIC = 1
    BASIC_OVER_TLS = 2

    def objection_to(self, *, with_password: bool, secure: bool) -> str | None:
        """Why a station of this profile may not come in like this, None when it may (A00.FR.002)."""
        if self is SecurityProfile.BASIC_OVER_TLS and not secure:
            return "security profile 2 needs wss://"
        if self is not SecurityProfile.NONE and not with_password:
            return f"security profile {self.value} needs a password"
        return None


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """User and password as sent; a 1.6 AuthorizationKey may be any bytes."""

    user: str
    password: bytes

    def __repr__(self) -> str:
        return f"BasicCredentials(user={self.user!r}, password=<hidden>)"

    def password_spellings(self) -> tuple[str, ...]:
        """The texts it may have been registered under: itself, or its bytes as hex digits."""
        as_hex = self.password.hex()
        try:
            text = self.password.decode()
        except UnicodeDecodeError:
            return (as_hex,)
        return (text, text.lower(), as_hex) if _is_hex_key(text) else (text, as_hex)


class WrongCredentials(ValueError):
    """An Authorization header that cannot be used."""


def read_credentials(header: str | None, identity: str) -> BasicCredentials | None:
    """Basic credentials of an Authorization header, None without one.

    The user must be the identity of the URL, else one stolen password speaks for every station.
    Raises WrongCredentials.
    """
    if header is None:
        return None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise WrongCredentials("only HTTP Basic is accepted")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise WrongCredentials("the Authorization header is not base64") from None
    prefix = identity.encode() + b":"
    if not decoded.startswith(prefix):
        raise WrongCredentials("the Basic user is not the identity in the URL")
    return BasicCredentials(identity, decoded.removeprefix(prefix))


def identity_in(target: str) -> str | None:
    """The station's identity: last segment of the request target, percent-decoded; None when unusable."""
    segment = urlsplit(target).path.rsplit("/", 1)[-1]
    try:
        identity = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return None
    usable = 0 < len(identity) <= MAX_IDENTITY and identity.isprintable()
    return identity if usable else None


def _is_hex_key(text: str) -> bool:
    return len(text) in (32, 34, 36, 38, 40) and all(digit in "0123456789abcdefABCDEF" for digit in text)
