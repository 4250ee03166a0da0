"""HOST:PORT as people write it, and whether it is free."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from roamdesk.server.options import Option


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @classmethod
    def of(cls, option: Option) -> Address:
        """Raises SystemExit with the mend when the option's text is no address."""
        host, _, port = option.text().rpartition(":")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise SystemExit(
                f"{option.name}={option.text()!r} is not an address. Write it as HOST:PORT, "
                f"for instance {option.default}."
            )
        return cls(host.strip("[]") or "127.0.0.1", int(port))

    @property
    def host_in_url(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://{self.host_in_url}:{self.port}"

    def is_free(self) -> bool:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True

    def answers(self, within_seconds: float = 1) -> bool:
        """Whether something takes connections there."""
        try:
            socket.create_connection((self.host, self.port), timeout=within_seconds).close()
        except OSError:
            return False
        return True


def taken_line(address: Address, option: Option) -> str:
    """What to say when the port is taken."""
    another = f"{address.host_in_url}:{address.port + 1}"
    return (
        f"{address.host_in_url}:{address.port} is taken by another program. "
        f"Stop that one, or choose another port: {option.name}={another}"
    )
