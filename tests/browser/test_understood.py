"""What was understood of a mail, in a browser: confirmed by one key; both widths and themes without a fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from browser.test_partner_form import faults
from builders import MSP_BACK_OFFICE
from case_reading import known
from cases.mails import TEMPLATE, arrive
from roamdesk.cases.models import Case
from roamdesk.desks.models import Desk, Person

Look = Callable[..., Page]
DOUBTFUL = TEMPLATE.replace("10/03/2026 09:00", "10.03.2026 gegen 10:00").replace("DE*NDL*E4421*1", "04721 left")


@pytest.fixture
def case(cpo_desk: Desk, msp_desk: Desk) -> Case:
    """Opened by a mail in which not all is certain."""
    text = f"Guten Tag,\n\n{DOUBTFUL}"
    mail = arrive(cpo_desk, datetime.now(UTC), "Subject: Does not start", text=text, sender=MSP_BACK_OFFICE)
    with scope(desk=cpo_desk):
        return Case.objects.select_related("desk", "partner").get(pk=mail.about.removeprefix("case:"))


def path_of(case: Case) -> str:
    return f"/d/{case.desk.slug}/cases/{case.reference}"


def test_one_key_confirms_what_the_mail_says(look: Look, cpo_operator: Person, case: Case) -> None:
    page = look(cpo_operator, path_of(case))
    panel = page.get_by_role("region", name="What was understood of the mail")
    expect(panel.get_by_role("textbox", name="When it happened")).to_have_value("10/03/2026 11:00")
    expect(panel).to_contain_text("No time zone stands here")
    panel.get_by_role("button", name="Reject EVSE id").click()
    expect(panel.get_by_role("button", name="Reject EVSE id")).to_have_count(0)
    page.keyboard.press("y")
    expect(panel).to_have_count(0)
    told = known(case)
    assert (told["event_time"], told["time_exact"]) == ("2026-03-10T10:00:00+00:00", "no")
    assert "evse_label" not in told


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_the_proposal_is_accessible(look: Look, cpo_operator: Person, case: Case, width: int, theme: str) -> None:
    page = look(cpo_operator, f"{path_of(case)}?theme={theme}")
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    assert faults(page, f"understood-{width}-{theme}") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
