"""Where one can charge: Nordlade's posts, as itself and VoltPass know them, and a few of other partners."""

from __future__ import annotations

from dataclasses import dataclass

from roamdesk.charging.models import Evse, Plug, Station
from roamdesk.charging.services import register_station
from roamdesk.demo.stations import Behaviour
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner

SOCKET, ATTACHED = Plug.TYPE2_SOCKET, Plug.TYPE2_CABLE
CCS, CHADEMO, TYPE1, HOUSEHOLD = Plug.CCS_CABLE, Plug.CHADEMO_CABLE, Plug.TYPE1_CABLE, Plug.HOUSEHOLD_SOCKET
TWO_SOCKETS = ((SOCKET, "left socket"), (SOCKET, "right socket"))


@dataclass(frozen=True)
class Post:
    """A charging station of Nordlade; ``version`` is the subprotocol, ``behaviour`` counts where it is simulated."""

    identity: str
    stem: str
    address: str
    plugs: tuple[tuple[Plug, str], ...]
    behaviour: Behaviour = Behaviour.UNLOCKS
    version: str = "ocpp1.6"

    def label(self, place: int) -> str:
        """What is printed at its first, second, … place to charge."""
        return f"DE*NDL*{self.stem}*{place}"

    @property
    def password(self) -> str:
        return f"demo-{self.identity}-nordlade"


SIMULATED = (
    Post("BER-WAR-058", "E0472", "Warschauer Str. 58, 10243 Berlin", TWO_SOCKETS, Behaviour.UNLOCKS),
    Post("BER-OST-012", "E0391", "Am Ostbahnhof 12, 10243 Berlin", TWO_SOCKETS, Behaviour.FAILS),
    Post("POT-NEU-007", "E0118", "Am Neuen Markt 7, 14467 Potsdam", ((ATTACHED, ""),), Behaviour.NO_LOCK),
    Post("BER-TEG-003", "E0209", "Urban-Tech-Platz 3, 13405 Berlin", ((SOCKET, ""),), Behaviour.SILENT),
    Post("BER-ALX-002", "EO4727", "Alexanderufer 2, 10117 Berlin", ((SOCKET, ""),), Behaviour.LATE),
    Post("POT-SAN-021", "E0633", "Sandscholle 21, 14482 Potsdam", TWO_SOCKETS, Behaviour.UNLOCKS, "ocpp2.0.1"),
)
OFFLINE = (
    Post("BER-FRI-101", "E0512", "Friedrichstr. 101, 10117 Berlin", ((CCS, "front"), (CCS, "back"), (CHADEMO, "back"))),
    Post("BER-KUD-220", "E0544", "Kurfürstendamm 220, 10719 Berlin", TWO_SOCKETS),
    Post("BER-TEM-015", "E0560", "Tempelhofer Damm 15, 12101 Berlin", ((CCS, ""), (CCS, ""), (ATTACHED, ""))),
    Post("LEI-NEU-018", "E0701", "Neumarkt 18, 04109 Leipzig", TWO_SOCKETS),
    Post(
        "HAM-SAN-044", "E0815", "Am Sandtorkai 44, 20457 Hamburg", ((CCS, ""), (CCS, ""), (CHADEMO, ""), (ATTACHED, ""))
    ),
    Post("ROS-LAN-003", "E0902", "Lange Str. 3, 18055 Rostock", TWO_SOCKETS),
    Post("DRE-ALT-019", "E0933", "Altmarkt 19, 01067 Dresden", ((ATTACHED, "left"), (ATTACHED, "right"))),
    Post("MUC-LEO-070", "E1044", "Leopoldstr. 70, 80802 München", ((CCS, "left"), (CCS, "right"))),
    Post("CGN-DOM-004", "E1107", "Domstr. 4, 50668 Köln", ((TYPE1, ""), (SOCKET, ""))),
    Post("ERF-ANG-006", "E1219", "Anger 6, 99084 Erfurt", ((HOUSEHOLD, ""), (SOCKET, ""))),
)
OTHERS = {
    "Kilowerk": (
        ("NL*KWK*E77130*1", "Croeselaan 3, 3521 Utrecht", SOCKET),
        ("NL*KWK*E10022*1", "Stationsplein 16, 4811 Breda", SOCKET),
    ),
    "Brightlane": (
        ("DE*BLX*E2210*1", "Hafenstr. 14, 18147 Rostock", CCS),
        ("DE*BLX*E2210*2", "Hafenstr. 14, 18147 Rostock", CCS),
    ),
    "Pleissewatt": (("DE*BLX*E1007*1", "Brühl 8, 04109 Leipzig", SOCKET),),
    "Sudvolt": (("FR*SUD*E3301*1", "Quai Perrache 12, 69002 Lyon", ATTACHED),),
    "Elbwatt": (("DE*ELB*E0051*1", "Elbchaussee 51, 22765 Hamburg", SOCKET),),
}


def seed_directory(msp: Desk, cpo: Desk) -> None:
    """EVSEs of both desks and Nordlade's registered stations; run it with scopes disabled."""
    nordlade = Partner.objects.get(desk=msp, name="Nordlade")
    for post in (*SIMULATED, *OFFLINE):
        station = _station(cpo, post)
        for place, (plug, hint) in enumerate(post.plugs, start=1):
            known: dict[str, object] = {"plug": plug, "place_hint": hint, "address": post.address}
            _evse(cpo, post.label(place), known | {"station": station} | _numbers(post, place))
            _evse(msp, post.label(place), known | {"partner": nordlade})
    for name, rows in OTHERS.items():
        partner = Partner.objects.get(desk=msp, name=name)
        for label, address, plug in rows:
            _evse(msp, label, {"plug": plug, "address": address, "partner": partner})


def _station(cpo: Desk, post: Post) -> Station:
    known: Station | None = Station.objects.filter(identity=post.identity).first()
    return known or register_station(cpo, post.identity, password=post.password, address=post.address)


def _numbers(post: Post, place: int) -> dict[str, int]:
    """2.x counts EVSEs, 1.6 connectors of its only one."""
    two = post.version != "ocpp1.6"
    return {"evse_number": place if two else 1, "connector_number": 1 if two else place}


def _evse(desk: Desk, label: str, values: dict[str, object]) -> None:
    Evse.objects.get_or_create(desk=desk, label=label, defaults={"evse_id": label, **values})
