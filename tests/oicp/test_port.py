"""The hub's way in over real TLS: its certificate, and everybody else's."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from django_scopes import scope

from hub_caller import as_caller, post
from oicp_messages import AUTHORISE_START, CDR
from roamdesk.charging.models import Session
from roamdesk.oicp.models import Exchange
from roamdesk.oicp.port import Port
from roamdesk.oicp.wire.writing import encode

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emp_hub")]
HUB = "hub.example"
RECORD = "/oicp/voltpass/api/oicp/cdrmgmt/v22/operators/DE*NDL/charge-detail-record"


@pytest.fixture
def plain_port() -> Iterator[Port]:
    port = Port("127.0.0.1", 0)
    port.start()
    yield port
    port.stop()


def test_the_hub_is_heard_by_its_certificate(port: Port, authority: trustme.CA, tmp_path: Path, msp_desk: Any) -> None:
    url = f"https://127.0.0.1:{port.port}{RECORD}"
    context = as_caller(tmp_path, authority, HUB, authority)
    headers = {"Process-ID": "abc"}
    for spelled in (url, url.replace("*", "%2A")):
        status, said = post(spelled, encode(CDR), context, **headers)
        assert (status, said["Result"]) == (200, True)
    with scope(desk=msp_desk):
        assert Session.objects.count() == 1
        assert set(Exchange.objects.values_list("caller", "process_id")) == {(HUB, "abc")}


def test_another_company_with_a_certificate_of_the_same_authority_is_refused(
    port: Port, authority: trustme.CA, tmp_path: Path, msp_desk: Any
) -> None:
    context = as_caller(tmp_path, authority, "othercompany.example", authority)
    status, said = post(f"https://127.0.0.1:{port.port}{RECORD}", encode(CDR), context)
    assert (status, said["StatusCode"]["Code"]) == (200, "017")
    with scope(desk=msp_desk):
        assert Session.objects.count() == 0


def test_without_a_certificate_with_an_expired_or_a_foreign_one_nobody_is_let_in(
    port: Port, authority: trustme.CA, tmp_path: Path, msp_desk: Any
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    dates = {"not_before": yesterday - timedelta(days=9), "not_after": yesterday}
    nobody = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    expired = as_caller(tmp_path, authority, HUB, authority, **dates)
    foreign = as_caller(tmp_path, trustme.CA(), HUB, authority)
    for context in (nobody, expired, foreign):
        with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
            post(f"https://127.0.0.1:{port.port}{RECORD}", encode(CDR), context)
    with scope(desk=msp_desk):
        assert Exchange.objects.count() == 0


def test_a_proxy_that_we_named_passes_the_hubs_certificate_on(
    plain_port: Port, authority: trustme.CA, settings: Any
) -> None:
    settings.OICP_PROXIES, settings.OICP_PROXY_HEADER = ["127.0.0.1"], "X-Client-Certificate"
    url = f"http://127.0.0.1:{plain_port.port}{RECORD}"
    pem = authority.issue_cert(HUB, common_name=HUB).cert_chain_pems[0].bytes().decode()
    for header in (f"CN={HUB},O=Hub", f"/O=Hub/CN={HUB}", urllib.parse.quote(pem)):
        assert post(url, encode(CDR), None, **{"X-Client-Certificate": header})[1]["Result"] is True
    for header in ("CN=other.example,O=Hub", "O=CN=hub", "", f"CN={HUB}.other.example"):
        said = post(url, encode(CDR), None, **{"X-Client-Certificate": header})[1]
        assert said["StatusCode"]["Code"] == "017"


def test_a_header_of_anybody_else_is_worth_nothing(plain_port: Port, settings: Any) -> None:
    settings.OICP_PROXIES, settings.OICP_PROXY_HEADER = ["192.0.2.1"], "X-Client-Certificate"
    url = f"http://127.0.0.1:{plain_port.port}{RECORD}"
    said = post(url, encode(CDR), None, **{"X-Client-Certificate": f"CN={HUB}"})[1]
    assert said["StatusCode"]["Code"] == "017"


@pytest.mark.parametrize(
    "path", ["/", "/oicp", "/oicp/voltpass", "/oicp/voltpass/api/oicp/x", "/oicp/v%00p/api/oicp/x", "/oicp/%ff/%2e%2e/"]
)
def test_any_path_is_answered_with_an_oicp_message(plain_port: Port, path: str) -> None:
    status, said = post(f"http://127.0.0.1:{plain_port.port}{path}", b"{}", None)
    assert (status, said["Result"], said["StatusCode"]["Code"]) == (200, False, "022")


def test_a_get_and_a_body_that_is_too_large_are_answered(plain_port: Port, settings: Any) -> None:
    settings.OICP_PROXIES, settings.OICP_PROXY_HEADER = ["127.0.0.1"], "X-Hub"
    url = f"http://127.0.0.1:{plain_port.port}{RECORD}"
    with urllib.request.urlopen(url, timeout=10) as response:
        assert json.loads(response.read())["StatusCode"]["Code"] == "017"
    said = post(url, b" " * 1_100_000, None, **{"X-Hub": f"CN={HUB}"})[1]
    assert "at most 1048576 are taken" in said["StatusCode"]["AdditionalInfo"]


def test_a_plus_in_a_path_stays_a_plus(plain_port: Port, msp_desk: Any, settings: Any) -> None:
    settings.OICP_PROXIES, settings.OICP_PROXY_HEADER = ["127.0.0.1"], "X-Hub"
    url = f"http://127.0.0.1:{plain_port.port}/oicp/voltpass/api/oicp/charging/v21/operators/+49*999/authorize/start"
    body = json.dumps(json.loads(encode(AUTHORISE_START)) | {"OperatorID": "+49*999"}).encode()
    said = post(url, body, None, **{"X-Hub": f"CN={HUB}"})[1]
    assert said["StatusCode"]["Code"] == "102"
