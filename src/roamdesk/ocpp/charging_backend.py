"""Charging's port, seen from the processes that queue commands."""

from roamdesk.charging.models import Command


class OcppBackend:
    """Stations that connect by OCPP; the stations process carries the commands out."""

    name = "ocpp"

    def serves(self, command: Command) -> bool:
        return command.station is not None and command.station.version.startswith("ocpp")

    def wake(self, command: Command) -> None:
        """Nothing to add: the stations process listens to the notification of the queue itself."""
