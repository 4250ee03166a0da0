from __future__ import annotations

from datetime import datetime

import pytest

from roamdesk.charging import services, tasks
from roamdesk.charging.models import Command, Evse


@pytest.mark.usefixtures("in_cpo_desk")
def test_a_worker_gives_up_what_no_stations_process_is_left_to_carry_out(evse: Evse, at: datetime) -> None:
    command = services.queue_command(evse.desk, evse, "unlock", about="case:17", key="k", requested_by="Nils", at=at)
    assert command.state == Command.State.QUEUED
    assert tasks.expire(timestamp=0) == 1
    assert Command.objects.get(pk=command.pk).state == Command.State.NOT_SENT
