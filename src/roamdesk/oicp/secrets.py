"""PINs are secret: they are taken out of every text before it is kept (section 6.2)."""

import re

_PIN = re.compile(r'("PIN"\s*:\s*)("(?:[^"\\]|\\.)*"?|[0-9.eE+-]+)')
_HASH = re.compile(r'("HashedPIN"\s*:\s*\{.*?"Value"\s*:\s*)("(?:[^"\\]|\\.)*"?)', re.DOTALL)
_MASK = r'\1"***"'


def without_pins(body: bytes) -> str:
    """The body as text fit to be kept: no PIN, no NUL; works on what is no JSON, too."""
    text = body.decode("utf-8", "replace").replace("\x00", "")
    return _HASH.sub(_MASK, _PIN.sub(_MASK, text))
