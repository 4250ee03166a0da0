"""``roamdesk serve``: all parts in one go."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database
from roamdesk.server.supervisor import Part, Supervisor, part

STORY = """\
Starts the embedded PostgreSQL (unless DATABASE_URL names another), brings its tables up to date, and runs the
web, worker, stations and mail parts, restarting one that dies. Ctrl-C stops everything, the embedded PostgreSQL too.
The data stay under ROAMDESK_VAR.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    parser = sub.add(subparsers, "serve", run, "Everything in one go; Ctrl-C stops it.", STORY)
    parser.add_argument("--demo", action="store_true", help="bring two demo desks and simulated stations along")


def run(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    demo = arguments.demo or options.DEMO.yes()
    if complaint := _port_taken(demo):
        print(complaint, file=sys.stderr)
        return 1
    if demo:
        os.environ[options.DEMO.name] = "1"
        os.environ.setdefault(options.MAIL_TAGS.name, "1")
    os.environ.setdefault(options.LOG_LEVEL.name, "WARNING")
    data = "the PostgreSQL of DATABASE_URL" if options.DATABASE_URL.text() else f"{options.VAR.path()}"
    stopping = _stop_on_signals()
    print("Starting Roamdesk ...", flush=True)
    with database():
        _prepare(demo)
        if not stopping.is_set():
            _supervisor(demo, stopping).run(is_ready=_is_ready, on_ready=lambda: _welcome(demo, data, began))
    print("Stopped.")
    return 0


def _port_taken(demo: bool) -> str:
    """The one line to say, empty when every port is free."""
    for option in (options.LISTEN, options.STATIONS_LISTEN, *_mail_options(), *_hub_options()):
        address = Address.of(option)
        if not address.is_free():
            return taken_line(address, option)
    relay = Address(options.SMTP_HOST.text(), options.SMTP_PORT.number())
    if demo and not relay.is_free():
        return (
            f"{relay.host}:{relay.port}, where the demo's mail server listens, is taken by another program. "
            f"Stop that one, or choose another port: {options.SMTP_PORT.name}={relay.port + 1}"
        )
    return ""


def _stop_on_signals() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _prepare(demo: bool) -> None:
    import django

    django.setup()
    from roamdesk.server.prepare import prepare

    prepare()
    if demo:
        from roamdesk.demo.data import seed
        from roamdesk.demo.shift import begin_shift

        now = datetime.now(UTC)
        seed(now)
        begin_shift(now)


def _supervisor(demo: bool, stopping: threading.Event) -> Supervisor:
    demo_parts: list[Part] = [part("demo", "demo", "run")] if demo else []
    ports = [part("web", "web"), part("stations", "stations"), part("mail", "mail"), *_hub_parts()]
    stages = [demo_parts, ports, [part("worker", "worker")]]
    return Supervisor(stages, say=_say, stopping=stopping)


def _hub_parts() -> list[Part]:
    return [part("oicp", "oicp", "port") for _ in _hub_options()]


def _hub_options() -> list[options.Option]:
    return [option for option in (options.OICP_LISTEN,) if option.text()]


def _mail_options() -> list[options.Option]:
    """Where mail comes in, by those options that name a place."""
    return [option for option in (options.MAIL_LISTEN, options.LMTP_LISTEN) if option.text()]


def _is_ready() -> bool:
    if not Address.of(options.STATIONS_LISTEN).answers(within_seconds=0.2):
        return False
    request = urllib.request.Request(
        f"{Address.of(options.LISTEN).url()}/healthz", headers={"Host": options.ALLOWED_HOSTS.words()[0]}
    )
    try:
        return bool(urllib.request.urlopen(request, timeout=1).status == 200)
    except OSError:
        return False


def _welcome(demo: bool, data: str, began: float) -> None:
    lines = [
        f"Roamdesk is up ({time.monotonic() - began:.1f} s). Ctrl-C stops it.",
        "",
        f"  Console    {Address.of(options.LISTEN).url()}/",
        f"  Stations   {_stations_url()}/<station identity>",
        *(f"  Mail       {option.text()}" for option in _mail_options()),
        *(f"  Hub        {option.text()}/oicp/<desk>" for option in _hub_options()),
        f"  Data       {data}",
    ]
    if demo:
        lines += ["", *importlib.import_module("roamdesk.demo.commands").welcome()]
    print("\n".join(lines), flush=True)


def _stations_url() -> str:
    secure = bool(options.STATIONS_CERTIFICATE.text())
    return Address.of(options.STATIONS_LISTEN).url("wss" if secure else "ws")


def _say(line: str) -> None:
    print(f"roamdesk: {line}", file=sys.stderr, flush=True)
