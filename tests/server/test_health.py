from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client

from roamdesk.server import health, options


def test_health_is_ok_while_the_database_answers(client: Client, db: None) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_health_is_bad_when_the_database_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def cursor(self) -> None:
            raise OperationalError

    monkeypatch.setattr(health, "connection", Silent())
    assert client.get("/healthz").status_code == 503


def test_metrics_count_requests_by_view(client: Client, db: None) -> None:
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    assert 'roamdesk_requests_total{method="GET",status="200",view="healthz"}' in text


def test_metrics_are_for_this_machine_only(client: Client, db: None) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_a_token_opens_the_metrics_from_elsewhere(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.METRICS_TOKEN.name, "scrape-me")
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer scrape-me"})
    assert answer.status_code == 200


def test_the_schema_of_our_attachment_is_public_at_its_address(client: Client) -> None:
    answer = client.get("/schemas/roamdesk-template-1.json")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/schema+json"
    assert answer.json()["$id"] == "urn:roamdesk:mail-template:1"
