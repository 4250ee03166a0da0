"""The certificates of the demo: one authority, the hub's, and those of the desks, as files under ROAMDESK_VAR."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import trustme

from roamdesk.oicp.transport import Credentials

HUB_NAME = "Stand-in hub"


@dataclass(frozen=True)
class Papers:
    """Files of everybody who takes part."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def of(self, name: str) -> Credentials:
        return Credentials(self.folder / f"{name}.pem", self.folder / f"{name}.key", self.root)


def issue(folder: Path, names: dict[str, str]) -> Papers:
    """New certificates for all of `names` (file name to common name), each good for 127.0.0.1, too."""
    folder.mkdir(parents=True, exist_ok=True)
    papers, authority = Papers(folder), trustme.CA(organization_name="Roamdesk demo")
    authority.cert_pem.write_to_path(papers.root)
    for name, common_name in names.items():
        issued, files = authority.issue_cert("127.0.0.1", "localhost", common_name=common_name), papers.of(name)
        files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(issued.private_key_pem.bytes())
    return papers
