"""The subcommands, in the order in which help lists them."""

from roamdesk.server.commands import (
    demo,
    desk,
    django,
    doctor,
    evse,
    incoming,
    mail,
    mailbox,
    oicp,
    partner,
    procedure,
    serve,
    station,
    stations,
    token,
    user,
    web,
    worker,
)

COMMANDS = (
    serve, web, worker, stations, mail, demo, procedure, desk, user, partner, station, evse, token, mailbox,
    incoming, oicp, doctor, django,
)  # fmt: skip
