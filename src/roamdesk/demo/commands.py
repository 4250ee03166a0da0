"""``roamdesk demo``: set the demo up, play its stories, start it anew."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence

from django.conf import settings
from django.utils import timezone

from roamdesk.cases.errors import Refused
from roamdesk.demo import data, process
from roamdesk.demo.desks import LOGINS, PASSWORD
from roamdesk.demo.directory import SIMULATED
from roamdesk.demo.happenings import NotInTime
from roamdesk.demo.hub import running
from roamdesk.demo.hub.faults import Fault
from roamdesk.demo.mailbox import demo_mailbox
from roamdesk.demo.own_parts import Surroundings
from roamdesk.demo.plays import ALL, play_named
from roamdesk.demo.plays.play import Play
from roamdesk.demo.resetting import ResetRefused, reset
from roamdesk.demo.stage import stage
from roamdesk.demo.stations import Behaviour
from roamdesk.demo.surroundings import NoDemoHere, surroundings

STORY = """\
A play drives both desks by the same verbs as the console: Mara at VoltPass (MSP), Petra at Nordlade (CPO). Unlocks
go to simulated charging stations by OCPP over a socket, notices leave by SMTP. Each step says who does what, the
statement of the procedure behind it (S…, our additions A…), what the machine answered, and what is owed until when.

Where `roamdesk serve --demo` runs, the play is played there: open the queue in the console and watch it. Otherwise
the play brings its own stations and mail server along and keeps its cases in the database.

  roamdesk demo list
  roamdesk demo play cable_freed
  roamdesk demo play all

The sessions at Nordlade's stations run through a stand-in for the roaming hub: VoltPass authorises them, sees them,
and can end one from its case. `roamdesk demo hub --fail 310` has the next call that it fits fail like that.
"""

BEHAVES = {
    Behaviour.UNLOCKS: "unlocks",
    Behaviour.FAILS: "tries, and fails",
    Behaviour.NO_LOCK: "has no lock: the cable is attached",
    Behaviour.SILENT: "never answers",
    Behaviour.LATE: "answers after a minute",
}


def main(argv: Sequence[str], prepare: Callable[[], None] = lambda: None) -> int:
    """Exit code: 0 fine, 1 something has to be mended (said on stderr), 2 the command line is wrong.

    ``prepare`` brings the database's tables up to date; it is called where they are needed.
    """
    arguments = parser().parse_args(argv, argparse.Namespace(prepare=prepare))
    return int(arguments.act(arguments))


def welcome() -> list[str]:
    """What `serve` says when the demo is up: the logins, and what to try first."""
    people = [f"    {login.username:17} {login.shown:9} {login.role.label}" for login in LOGINS]
    return [
        f"  Log in as, with the password `{PASSWORD}` (demo only):",
        *people,
        "",
        "  Mail       /demo/mail shows every mail that the demo's mail server took",
        "  Try first  log in as mara@voltpass, press N, type 04721, and follow the steps;",
        "             or see it played on both desks: roamdesk demo play cable_freed",
        "             (roamdesk demo list: every play, and which station does what)",
    ]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roamdesk demo",
        description="The demo desks and the stories played on them.",
        epilog=STORY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(actions, "list", _list, "the plays, what each shows, and the stations")
    _action(actions, "seed", _seed, "set up the two desks; what is there stays as it is")
    playing = _action(actions, "play", _play, "play one, or all of them")
    playing.add_argument("name", metavar="NAME", choices=[*(play.name for play in ALL), "all"], help="or: all")
    resetting = _action(actions, "reset", _reset, "throw the demo's cases, mails and commands away")
    resetting.add_argument("--yes", action="store_true", help="do not ask")
    hub = _action(actions, "hub", _hub, "have the stand-in for the roaming hub fail; where none stands, be one")
    hub.add_argument(
        "--fail", action="append", default=[], choices=[fault.value for fault in Fault], metavar="HOW",
        help=f"the next call that it fits fails like this; may be repeated: {', '.join(Fault)}",
    )  # fmt: skip
    _action(actions, "run", _run, "the demo's mail server and stations; `roamdesk serve --demo` runs it by itself")
    return parser


def _action(actions: object, name: str, act: object, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=about, description=about)  # type: ignore[attr-defined]
    parser.set_defaults(act=act)
    return parser


def _list(_arguments: argparse.Namespace) -> int:
    for play in ALL:
        print(f"{play.name}\n    {play.about}\n    {play.statements}")
    print("\nStations to try by hand, and what an Unlock does there:")
    for post in SIMULATED:
        print(f"    {post.label(1):17} {post.identity}  {post.version:9}  {BEHAVES[post.behaviour]}")
    return 0


def _seed(arguments: argparse.Namespace) -> int:
    _set_up(arguments)
    print("The demo desks are set up: VoltPass (MSP) and Nordlade (CPO), partners of each other.")
    return 0


def _set_up(arguments: argparse.Namespace) -> None:
    arguments.prepare()
    data.seed(timezone.now())


def _keep_the_log_quiet() -> None:
    """A play tells its story on the same terminal; whoever wants the log too asks for it."""
    if "ROAMDESK_LOG_LEVEL" not in os.environ:
        logging.getLogger().setLevel(logging.WARNING)


def _play(arguments: argparse.Namespace) -> int:
    chosen = play_named(arguments.name)
    _keep_the_log_quiet()
    _set_up(arguments)
    try:
        with surroundings() as around:
            return max(_perform(play, around) for play in ([chosen] if chosen else ALL))
    except NoDemoHere as problem:
        print(f"roamdesk demo: {problem}", file=sys.stderr)
        return 1


def _perform(play: Play, around: Surroundings) -> int:
    print(f"\n{play.name}  ({play.statements})\n{play.about}\n")
    with stage(around, print) as told:
        try:
            play.perform(told)
        except (NotInTime, Refused) as problem:
            print(f"roamdesk demo: {play.name} came to a halt. {problem}", file=sys.stderr)
            return 1
        print(f"\nPlayed. Cases: {', '.join(case.reference for case in told.cases)}. Mails: /demo/mail")
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    question = "Throw every case, mail and command of this demo away? [y/N] "
    if not arguments.yes and input(question).strip().lower() not in ("y", "yes"):
        print("Nothing was changed.")
        return 1
    try:
        cases = reset(timezone.now(), demo_mailbox())
    except ResetRefused as refused:
        print(f"roamdesk demo: {refused}", file=sys.stderr)
        return 1
    print(f"{cases} cases and their mails are gone; desks, people and stations are as before.")
    return 0


def _hub(arguments: argparse.Namespace) -> int:
    _keep_the_log_quiet()
    _set_up(arguments)
    if running.stands():
        return _hub_fails(arguments.fail)
    try:
        with running.hub_between(print):
            _hub_fails(arguments.fail)
            print("Ctrl-C ends it.", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    return 0


def _hub_fails(faults: Sequence[str]) -> int:
    for fault in faults:
        running.fail_next(Fault(fault))
    print(f"The hub stands between VoltPass and Nordlade; it will fail: {', '.join(faults) or 'not'}.")
    return 0


def _run(_arguments: argparse.Namespace) -> int:
    try:
        process.run()
    except OSError as problem:
        relay = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        print(f"roamdesk demo: no mail can be taken at {relay}: {problem}", file=sys.stderr)
        return 1
    return 0
