"""What is looked up of partners: whom to dial now, where to write, which partner an identifier names."""

from __future__ import annotations

from collections.abc import Iterable

from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import found
from roamdesk.identifiers import label_key
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.models.partner import operator_key, provider_key

_SHORTEST_KEY, _LONGEST_KEY = 4, 24

Purpose = ContactLine.Purpose
Channel = ContactLine.Channel
_WRITTEN_TO = {
    "cpo_backoffice": ("cpo", Purpose.BACK_OFFICE),
    "msp_backoffice": ("msp", Purpose.BACK_OFFICE),
    "msp_support": ("msp", Purpose.MSP_SUPPORT),
    "msp_fp": ("msp", Purpose.REFERENCE_PERSON),
    "cpo_fp": ("cpo", Purpose.REFERENCE_PERSON),
}
# In every call, so prepared.
_RUNNING = "WHERE desk_id = %(desk)s AND operator_keys && %(keys)s::varchar[]"
_LINES = "WHERE desk_id = %(desk)s AND partner_id = %(partner)s ORDER BY priority, id"


def addresses(partner: Partner, recipient: str) -> list[str]:
    """The e-mail addresses of a recipient that a procedure names, each once, in the form's order (S21, S22, S24).

    Raises ValueError for a recipient that is none.
    """
    if recipient not in _WRITTEN_TO:
        raise ValueError(f"{recipient!r} is no recipient here. Use one of {', '.join(_WRITTEN_TO)}.")
    role, purpose = _WRITTEN_TO[recipient]
    lines = partner.lines.filter(role=role, purpose=purpose, channel=Channel.MAIL)
    return list(dict.fromkeys(lines.values_list("value", flat=True)))


def stand_ins(partner: Partner, recipient: str) -> list[str]:
    """The other e-mail addresses of that role, in the form's order: for when each of the recipient's own came back.

    Raises ValueError for a recipient that is none.
    """
    own = set(addresses(partner, recipient))
    role, _ = _WRITTEN_TO[recipient]
    lines = partner.lines.filter(role=role, channel=Channel.MAIL).exclude(purpose=Purpose.HOTLINE)
    ordered = sorted(lines, key=lambda line: (Purpose.values.index(line.purpose), line.priority, line.pk))
    return list(dict.fromkeys(line.value for line in ordered if line.value not in own))


def partner_of_operator(desk: Desk, operator: str) -> Partner | None:
    """The partner with this operator id, in any spelling; None when it is nobody's or not one's alone."""
    return _only(Partner.objects.filter(desk=desk, operator_keys__contains=[operator_key(operator)]))


def partner_of_provider(desk: Desk, provider: str) -> Partner | None:
    """The partner with this provider id, in any spelling; None when it is nobody's or not one's alone."""
    return _only(Partner.objects.filter(desk=desk, provider_keys__contains=[provider_key(provider)]))


def partner_running(desk: Desk, evse: str) -> Partner | None:
    """The partner that runs an EVSE by its id or label: the longest prefix that is somebody's, alone (S8).

    A sub-operator's prefix is longer than the operator id that its EVSEs bear. One query.
    """
    key = label_key(evse)
    prefixes = {key[:length] for length in range(_SHORTEST_KEY, min(len(key), _LONGEST_KEY) + 1)}
    return _longest(found(Partner, _RUNNING, {"desk": desk.pk, "keys": sorted(prefixes)}), prefixes)


def lines_of(partner: Partner) -> list[ContactLine]:
    """The lines of its contact form, in the form's order. One query."""
    return found(ContactLine, _LINES, {"desk": partner.desk_id, "partner": partner.pk})


def sub_operators(desk: Desk) -> dict[str, Partner]:
    """Who runs EVSEs under another company's operator id, by the key that they begin with."""
    others = Partner.objects.filter(desk=desk).exclude(evse_prefixes=[])
    return {label_key(prefix): partner for partner in others for prefix in partner.evse_prefixes}


def _longest(claiming: Iterable[Partner], prefixes: set[str]) -> Partner | None:
    claims = [(len(key), partner) for partner in claiming for key in partner.operator_keys if key in prefixes]
    longest = max((length for length, _ in claims), default=0)
    return _only(partner for length, partner in claims if length == longest)


def _only(partners: Iterable[Partner]) -> Partner | None:
    all_of_them = list(partners)
    return all_of_them[0] if len(all_of_them) == 1 else None
