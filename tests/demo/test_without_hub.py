from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roamdesk.demo.hub.running import UP_WITHIN, RunningHub


@pytest.mark.django_db(transaction=True)
def test_a_demo_whose_hub_does_not_stand_says_so_plainly_and_goes_on(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.VAR = tmp_path / "taken"
    settings.VAR.write_text("a file where the hub keeps its certificates")
    hub = RunningHub(print)
    hub.start()
    hub.join(UP_WITHIN)
    assert not hub.up.is_set()
    said = capsys.readouterr().err
    assert "roamdesk: The demo goes on without its roaming hub" in said
    assert "start `roamdesk serve --demo` again" in said
