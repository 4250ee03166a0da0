"""``roamdesk oicp``: the roaming hub."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk
from roamdesk.server.database import database

if TYPE_CHECKING:
    from roamdesk.charging.models import Pull
    from roamdesk.desks.models import Desk

STORY = """\
The desk as a partner of a roaming hub that speaks OICP 2.3, as MSP, as CPO, or as both.

  roamdesk oicp connect --desk voltpass --url https://service-qa.hubject.com --provider-id DE-VPS \\
      --certificate voltpass.pem --key voltpass.key --root hubject-qa-root.pem --caller "Hubject QA"
  roamdesk oicp ping --desk voltpass
  roamdesk oicp pull-evses --desk voltpass --full      once, then daily without --full
  roamdesk oicp pull-status --desk voltpass
  roamdesk oicp pull-evses --desk voltpass --file stations.json    a published list, without any hub
  roamdesk oicp cdrs --desk voltpass
  roamdesk oicp push data evses.json --desk nordlade --action update
  roamdesk oicp push status --desk nordlade
  roamdesk oicp push tokens --desk voltpass            only where the hub authorises for us
  roamdesk oicp port          what the hub calls; `serve` runs it when ROAMDESK_OICP_LISTEN is set

A pull that was cut off goes on where it was when it is called again. Nothing here is repeated that is not safe to.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    oicp = sub.add(subparsers, "oicp", _ping, "The roaming hub (OICP 2.3).", STORY)
    actions = oicp.add_subparsers(title="actions", metavar="ACTION", required=True)
    sub.add(actions, "port", _port, "The port that the hub calls, only.")
    sub.add(actions, "schema", _schema, "What the hub may send to that port, and the answers, as OpenAPI.")
    _add_connect(actions)
    ping = sub.add(actions, "ping", _ping, "Certificate, reachability and rights, in plain words.")
    evses = sub.add(actions, "pull-evses", _pull_evses, "Fetch the EVSE directory, or what changed in it.")
    evses.add_argument("--full", action="store_true", help="the whole directory; EVSEs that are missing are withdrawn")
    evses.add_argument("--file", type=Path, help="take a published list instead, JSON in a form of OICP, or gzip of it")
    decide = sub.add(actions, "decide", _decide, "Answer the question of a directory that would shrink by half.")
    decide.add_argument("answer", choices=["take", "drop"])
    status = sub.add(actions, "pull-status", _pull_status, "Fetch the state of every EVSE.")
    status.add_argument("--file", type=Path, help="take a published list instead; its states are as old as the file")
    cdrs = sub.add(actions, "cdrs", _cdrs, "Fetch charge detail records; each counts once, however often it comes.")
    cdrs.add_argument(
        "--since", type=_instant, help="when the hub got them, like 2026-03-01T00:00Z; else the last pull"
    )
    for parser in (ping, evses, decide, status, cdrs):
        parser.add_argument("--desk", required=True, metavar="SLUG")
    _add_push(sub.add(actions, "push", _push, "Tell the hub of EVSEs, their states, or tokens."))


def _add_connect(actions: sub.Subparsers) -> None:
    connect = sub.add(actions, "connect", _connect, "Connect a desk with a hub, or change how it is.")
    connect.add_argument("--desk", required=True, metavar="SLUG")
    connect.add_argument("--url", required=True, help="of the hub, without /api/oicp")
    connect.add_argument("--provider-id", default="", help="as MSP (EMP), for instance DE-VPS")
    connect.add_argument("--operator-id", default="", help="as CPO, for instance DE*NDL")
    connect.add_argument("--certificate", type=Path, required=True, help="PEM file with chain, issued by the hub")
    connect.add_argument("--key", type=Path, required=True, help="PEM file with its private key")
    connect.add_argument("--root", type=Path, required=True, help="PEM file with the hub's root and intermediates")
    connect.add_argument(
        "--caller",
        action="append",
        default=[],
        metavar="NAME",
        help="common name of the hub's own certificate",
    )
    connect.add_argument("--subs", action="store_true", help="sub-operators or sub-providers are registered under us")


def _add_push(push: argparse.ArgumentParser) -> None:
    push.add_argument(
        "what", choices=["data", "status", "tokens"],
        help="EVSE data records from a file, the states of the EVSEs at our stations, or our Users' tokens",
    )  # fmt: skip
    push.add_argument("file", type=Path, nargs="?", help="of data: a list of records as section 6.4 of OICP has them")
    push.add_argument(
        "--action", choices=["fullLoad", "insert", "update", "delete"], default="update", help="default: update"
    )
    push.add_argument("--clear-all", action="store_true", help="an empty full load is meant: no EVSE of ours roams")
    push.add_argument("--desk", required=True, metavar="SLUG")


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time. Write it like 2026-03-01T00:00Z.") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no offset. Write it like 2026-03-01T00:00Z.")
    return moment


def _port(arguments: argparse.Namespace) -> int:
    if not options.OICP_LISTEN.text():
        print(
            f"No address takes calls of a hub. Set one, for instance {options.OICP_LISTEN.name}=127.0.0.1:8443",
            file=sys.stderr,
        )
        return 1
    address = Address.of(options.OICP_LISTEN)
    if not address.is_free():
        print(taken_line(address, options.OICP_LISTEN), file=sys.stderr)
        return 1
    with database():
        import django

        django.setup()
        from roamdesk.oicp.port import run

        try:
            run()
        except (OSError, ValueError) as problem:
            print(f"The port for the hub cannot be opened: {problem}", file=sys.stderr)
            return 1
    return 0


def _schema(_arguments: argparse.Namespace) -> int:
    import json

    from roamdesk.oicp.schema import openapi

    print(json.dumps(openapi(), indent=2, ensure_ascii=False))
    return 0


def _connect(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.connecting import connect
        from roamdesk.oicp.transport import Credentials

        hub = connect(
            desk, base_url=arguments.url, operator_id=arguments.operator_id, provider_id=arguments.provider_id,
            credentials=Credentials(arguments.certificate, arguments.key, arguments.root),
            callers=arguments.caller, with_subs=arguments.subs,
        )  # fmt: skip
        return (
            f"{desk} is connected with {hub.base_url}. The hub calls it below /oicp/{desk.slug} of "
            f"{options.OICP_LISTEN.name}. See whether it works: roamdesk oicp ping --desk {desk.slug}"
        )

    return at_desk(arguments.desk, work)


def _ping(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.looking import look

        return "\n".join(look(desk, _now()))

    return at_desk(arguments.desk, work)


def _pull_evses(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.charging.models import Pull

        pull = _listed(desk, arguments) if arguments.file else _pulled(desk, arguments)
        if pull.state == Pull.State.WAITING:
            return f"{pull.question} Nothing was changed. Say it: roamdesk oicp decide take|drop --desk {desk.slug}"
        read, why = "read" if arguments.file else "pulled", " The console shows which, and why." if pull.refused else ""
        return f"{pull.records:,} records {read}, {pull.refused:,} of them refused. The directory is up to date.{why}"

    return at_desk(arguments.desk, work)


def _pulled(desk: Desk, arguments: argparse.Namespace) -> Pull:
    from roamdesk.oicp.pulling import pull_evses

    return pull_evses(
        desk, whole=arguments.full, clock=_now,
        progress=lambda pull: _tell(f"Page {pull.next_page}: {pull.records:,} records"),
    )  # fmt: skip


def _listed(desk: Desk, arguments: argparse.Namespace) -> Pull:
    from roamdesk.oicp.list_importing import import_list

    return import_list(
        desk, arguments.file, whole=arguments.full, clock=_now,
        watch=lambda seen: _tell(f"Looking through {arguments.file.name}: {seen:,} records so far"),
        progress=lambda pull, part: _tell(f"{_bar(part)} {pull.records:,} records"),
    )  # fmt: skip


def _decide(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.charging.models import Pull
        from roamdesk.charging.roaming.services import decide_pull

        waiting = Pull.objects.filter(desk=desk, state=Pull.State.WAITING).order_by("-pk").first()
        if waiting is None:
            raise ValueError(f"No pull of {desk} waits for an answer.")
        pull = decide_pull(waiting, take=arguments.answer == "take", by="command line", at=_now())
        return "Taken: the directory is the new one." if pull.state == Pull.State.SWAPPED else "Dropped."

    return at_desk(arguments.desk, work)


def _pull_status(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.list_importing import import_states
        from roamdesk.oicp.pulling import pull_statuses

        if arguments.file is None:
            tally = pull_statuses(desk, _now)
            return f"{tally.said:,} states pulled, {tally.changed:,} changed."
        listed = import_states(desk, arguments.file, clock=_now)
        refused = "".join(f"\nRefused: {one.reason} {one.raw[:200]}" for one in listed.refused[:20])
        return (
            f"{listed.tally.said:,} states of {listed.at:%d/%m/%Y %H:%M} UTC read, {listed.tally.changed:,} changed, "
            f"{len(listed.refused):,} refused.{refused}"
        )

    return at_desk(arguments.desk, work)


def _cdrs(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.pulling import pull_records

        tally = pull_records(
            desk, since=arguments.since, clock=_now,
            progress=lambda tally: _tell(f"Page {tally.pages}: {tally.taken:,} records"),
        )  # fmt: skip
        refused = "".join(f"\nRefused: {reason}" for reason in tally.refused[:20])
        return f"{tally.taken:,} charge detail records pulled, {len(tally.refused):,} refused.{refused}"

    return at_desk(arguments.desk, work)


def _push(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.pushing import PushRefused, push_evse_data, push_statuses, push_tokens

        if arguments.what == "tokens":
            return push_tokens(desk).says
        if arguments.what == "status":
            return push_statuses(desk, arguments.action).says
        if arguments.file is None:
            raise PushRefused("Name the file with the records: roamdesk oicp push data FILE")
        return push_evse_data(desk, arguments.file, arguments.action, empty_is_meant=arguments.clear_all).says

    return at_desk(arguments.desk, work)


def _now() -> datetime:
    return datetime.now(UTC)


def _bar(part: float) -> str:
    return f"[{'#' * round(part * 30):.<30}] {part:4.0%}"


def _tell(line: str) -> None:
    """Progress on stderr: over the line before where somebody watches, else line by line."""
    print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
