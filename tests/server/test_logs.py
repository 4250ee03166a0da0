from __future__ import annotations

import pytest
import structlog
from django.test import Client

PHONE = "+49 30 5550 142"


def test_a_request_is_logged_by_its_view_and_never_by_what_was_searched(client: Client, db: None) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = client.get("/account/login/", {"next": f"/d/nordlade/search?q={PHONE}"})
    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["view"], line["method"], line["status"]) == ("account_login", "GET", 200)
    assert "5550" not in str(line)
    assert answer["X-Request-Id"]


def test_two_requests_have_two_ids(client: Client, db: None) -> None:
    assert client.get("/healthz")["X-Request-Id"] != client.get("/healthz")["X-Request-Id"]


@pytest.mark.parametrize("address", ["/nowhere", "/d/no-such-desk/queue-that-is-not"])
def test_an_address_that_is_none_is_counted_without_naming_it(client: Client, db: None, address: str) -> None:
    client.get(address)
    assert address not in client.get("/metrics").content.decode()
