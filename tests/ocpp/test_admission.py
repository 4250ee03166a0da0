"""Who comes in: identity, password, security profile and version, at the real handshake (A00, OCPP-J)."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from roamdesk.demo.stations import SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.credentials import SecurityProfile
from roamdesk.ocpp.outcomes import Result
from station_doubles import MemoryEvents, MemoryRegistry, utc_now

Start = Callable[..., Awaitable[SimulatedStation]]
KEY = "0123456789abcdef0123"


async def refusal_of(simulated: SimulatedStation) -> tuple[int, str, str | None]:
    with pytest.raises(InvalidStatus) as refused:
        await simulated.start()
    response = refused.value.response
    return response.status_code, response.body.decode().strip(), response.headers.get("WWW-Authenticate")


async def test_an_unknown_identity_is_not_found(url: str) -> None:
    status, reason, _ = await refusal_of(SimulatedStation(url, "NOBODY"))
    assert (status, reason) == (404, "no station of this identity is registered")


async def test_an_unknown_identity_is_not_found_whatever_it_says_of_itself(url: str) -> None:
    post = SimulatedStation(url, "NOBODY", password="secret-of-16-chars")
    post.identity = "SOMEBODY"
    status, _, _ = await refusal_of(post)
    assert status == 404


@pytest.mark.parametrize("identity", ["", "a%00b", "%FF", "x" * 49])
async def test_an_address_without_a_usable_identity_is_not_found(
    url: str, registry: MemoryRegistry, identity: str
) -> None:
    status, _, _ = await refusal_of(SimulatedStation(url, identity))
    assert status == 404
    assert registry.asked == []


async def test_a_percent_encoded_identity_is_decoded(url: str, registry: MemoryRegistry) -> None:
    registry.know("NDL 7/ä")
    post = SimulatedStation(url, "NDL%207%2F%C3%A4")
    await post.start()
    await post.stop()
    assert registry.asked == ["NDL 7/ä"]


async def test_identities_are_case_sensitive(url: str, registry: MemoryRegistry) -> None:
    registry.know("NDL-1")
    status, _, _ = await refusal_of(SimulatedStation(url, "ndl-1"))
    assert status == 404


@pytest.mark.parametrize("password", [KEY, bytes.fromhex(KEY + KEY[:12])])
async def test_the_right_password_opens(url: str, registry: MemoryRegistry, password: str | bytes) -> None:
    registered = password if isinstance(password, str) else password.hex()
    registry.know("NDL-1", SecurityProfile.BASIC, registered)
    post = SimulatedStation(url, "NDL-1", password=password)
    await post.start()
    await post.stop()


async def test_a_wrong_password_is_unauthorised(url: str, registry: MemoryRegistry) -> None:
    registry.know("NDL-1", SecurityProfile.BASIC, KEY)
    status, reason, challenge = await refusal_of(SimulatedStation(url, "NDL-1", password="x" * 20))
    assert (status, reason) == (401, "wrong password")
    assert (challenge or "").startswith("Basic realm=")


async def test_a_missing_password_is_unauthorised(url: str, registry: MemoryRegistry) -> None:
    registry.know("NDL-1", SecurityProfile.BASIC, KEY)
    status, reason, _ = await refusal_of(SimulatedStation(url, "NDL-1"))
    assert (status, reason) == (401, "security profile 1 needs a password")


async def test_one_stations_password_does_not_speak_for_another(url: str, registry: MemoryRegistry) -> None:
    registry.know("NDL-1", SecurityProfile.BASIC, KEY)
    registry.know("NDL-2", SecurityProfile.BASIC, KEY)
    post = SimulatedStation(url, "NDL-2", password=KEY)
    post.identity = "NDL-1"
    status, reason, _ = await refusal_of(post)
    assert (status, reason) == (401, "the Basic user is not the identity in the URL")
    assert registry.refusals == [("NDL-2", "the Basic user is not the identity in the URL")]


@pytest.mark.parametrize("header", ["Bearer abc", "Basic", "Basic !!!", "Basic " + "QQ" * 4000])
async def test_a_strange_authorization_header_is_unauthorised(url: str, registry: MemoryRegistry, header: str) -> None:
    registry.know("NDL-1", SecurityProfile.BASIC, KEY)
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{url}/NDL-1", additional_headers={"Authorization": header})
    assert refused.value.response.status_code == 401


async def test_a_profile_2_station_may_not_come_back_without_tls(url: str, registry: MemoryRegistry) -> None:
    registry.know("NDL-1", SecurityProfile.BASIC_OVER_TLS, KEY)
    status, reason, _ = await refusal_of(SimulatedStation(url, "NDL-1", password=KEY))
    assert (status, reason) == (403, "security profile 2 needs wss://")


async def test_without_a_version_in_common_the_connection_is_closed_with_the_reason(
    url: str, registry: MemoryRegistry
) -> None:
    registry.know("NDL-1")
    async with connect(f"{url}/NDL-1", subprotocols=[Subprotocol("ocpp1.5")]) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1002
        assert "ocpp1.6, ocpp2.0.1, ocpp2.1" in (socket.close_reason or "")
    assert registry.log == []


async def test_the_stations_first_choice_that_we_speak_is_taken(
    central: CentralSystem, url: str, registry: MemoryRegistry
) -> None:
    registry.know("NDL-1")
    offered = [Subprotocol(name) for name in ("ocpp3.0", "ocpp2.0.1", "ocpp1.6")]
    async with connect(f"{url}/NDL-1", subprotocols=offered) as socket:
        assert socket.subprotocol == "ocpp2.0.1"
        await registry.until_logged("connected")


@pytest.mark.parametrize(("compression", "agreed"), [("deflate", True), (None, False)])
async def test_compression_is_the_stations_choice(
    url: str, registry: MemoryRegistry, compression: str | None, agreed: bool
) -> None:
    registry.know("NDL-1")
    subprotocols = [Subprotocol("ocpp2.0.1")]
    async with connect(f"{url}/NDL-1", subprotocols=subprotocols, compression=compression) as socket:
        assert socket.response is not None
        extensions = socket.response.headers.get("Sec-WebSocket-Extensions", "")
        assert ("permessage-deflate" in extensions) is agreed


async def test_coming_and_going_is_told_to_the_registry(station: Start, registry: MemoryRegistry) -> None:
    post = await station()
    await post.stop()
    await registry.until_logged("disconnected")
    assert [(what, number) for what, number, _ in registry.log] == [("connected", 1), ("disconnected", 1)]
    assert registry.log[0][2] == registry.log[1][2]
    assert registry.reasons == ["the connection was lost (1000)"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate for 127.0.0.1 in one file."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "central.pem")


@pytest.fixture
async def secure_central(
    registry: MemoryRegistry, events: MemoryEvents, certificate: Path
) -> AsyncIterator[CentralSystem]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    system = CentralSystem(registry, events, clock=utc_now)
    await system.serve("127.0.0.1", 0, ssl=context)
    yield system
    await system.close()


async def test_a_profile_2_station_is_served_over_tls(
    registry: MemoryRegistry, secure_central: CentralSystem, certificate: Path
) -> None:
    registry.know("NDL-1", SecurityProfile.BASIC_OVER_TLS, KEY)
    trust = ssl.create_default_context(cafile=str(certificate))
    url = f"wss://127.0.0.1:{secure_central.port}"
    post = SimulatedStation(url, "NDL-1", password=KEY, ssl=trust)
    await post.start()
    outcome = await secure_central.unlock(1, 1, 1, timeout=5)
    assert outcome.result is Result.UNLOCKED
    await post.stop()


def write_certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "central.nordlade.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
