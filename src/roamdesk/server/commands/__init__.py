"""The subcommands, in the order in which help lists them."""

from roamdesk.server.commands import (
    demo,
    desk,
    django,
    doctor,
    procedure,
    serve,
    station,
    stations,
    user,
    web,
    worker,
)

COMMANDS = (serve, web, worker, stations, demo, procedure, desk, user, station, doctor, django)
