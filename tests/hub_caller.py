"""The hub as a caller of our port: a certificate of its own, and JSON by POST."""

from __future__ import annotations

import json
import ssl
import urllib.request
from pathlib import Path
from typing import Any

import trustme


def as_caller(folder: Path, authority: trustme.CA, name: str, roots: trustme.CA, **more: Any) -> ssl.SSLContext:
    """The TLS of somebody with a certificate of that authority in that name."""
    context = ssl.create_default_context(cadata=roots.cert_pem.bytes().decode())
    issued = authority.issue_cert(name, common_name=name, **more)
    with issued.private_key_and_cert_chain_pem.tempfile(dir=str(folder)) as file:
        context.load_cert_chain(file)
    return context


def post(url: str, body: bytes, context: ssl.SSLContext | None, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, body, headers={"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, context=context, timeout=10) as response:
        return response.status, json.loads(response.read())
