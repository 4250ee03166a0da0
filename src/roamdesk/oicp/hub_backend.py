"""The hub as the business knows it. What a call takes is loaded with the first one: most processes make none."""

from __future__ import annotations

from datetime import datetime

from django_scopes import scope

from roamdesk.charging.roaming.ports import Health, StopAnswer, StopOrder
from roamdesk.desks.models import Desk
from roamdesk.oicp.models import HubConnection


class HubBackend:
    """Registered with charging, which names no protocol."""

    name = "the hub"

    def serves(self, desk: Desk) -> bool:
        with scope(desk=desk):
            return HubConnection.objects.filter(desk=desk).exclude(provider_id="").exists()

    def stop(self, desk: Desk, order: StopOrder) -> StopAnswer:
        """Ask the CPO to end the session. A person may ask again; nothing is repeated by itself."""
        from roamdesk.oicp.business import stop

        return stop(desk, order)

    def health(self, desk: Desk, now: datetime) -> Health:
        from roamdesk.oicp.business import health

        return health(desk, now)
