"""Where the bytes of a mail stay: small ones in their row, large ones in a folder, named by their content.

The folder is as much the truth as the database: a file is on the disk for good before the row that names it is
committed, and only the erasing of its last row deletes it. A file without a row is what a broken transaction left; the
same mail comes again and finds it. Every machine that takes, reads or shows mail must see the same folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError


class NotKept(DatabaseError):
    """The folder did not take the bytes. To whoever hands a mail in it is what a database that is away is: later."""


class Lost(Exception):
    """The folder does not hold what the row names."""


def is_large(size: int) -> bool:
    """``size`` in bytes, against ``ROAMDESK_MAIL_INSIDE``."""
    return size > settings.MAIL_INSIDE


def keep(raw: bytes | bytearray, sha256: str) -> None:
    """Write the bytes and wait until the disk has them. Raises NotKept; then no file has that name."""
    path = _path(sha256)
    draft = path.with_name(f"{sha256}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _holds(path, raw):
            return
        _write(draft, raw)
        draft.replace(path)
        _sync_folder(path.parent)
        _sync_folder(path.parent.parent)
    except OSError as trouble:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise NotKept(f"{path.parent.parent} did not take {len(raw)} bytes: {trouble.strerror}.") from trouble


def fetch(sha256: str) -> bytes:
    """The bytes of that name. Raises Lost when they are not there, or not those."""
    try:
        raw = _path(sha256).read_bytes()
    except OSError as trouble:
        raise Lost(f"{_path(sha256)} cannot be read ({trouble.strerror}). Restore it from the backup.") from trouble
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise Lost(f"{_path(sha256)} is not the mail that came. Restore it from the backup.")
    return raw


def drop(sha256: str) -> None:
    """Delete the file of that name, where there is one."""
    _path(sha256).unlink(missing_ok=True)


def is_there(sha256: str, size: int) -> bool:
    """A file of that name and length; its content is not read."""
    try:
        return _path(sha256).stat().st_size == size
    except OSError:
        return False


def _path(sha256: str) -> Path:
    return Path(settings.MAIL_FOLDER) / sha256[:2] / sha256


def _holds(path: Path, raw: bytes | bytearray) -> bool:
    """A file that another power cut left half written is written anew."""
    return path.exists() and path.stat().st_size == len(raw) and path.read_bytes() == raw


def _write(path: Path, raw: bytes | bytearray) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    """So that the name is on the disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
