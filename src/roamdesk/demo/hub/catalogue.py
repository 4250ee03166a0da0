"""What partners leave with the hub and fetch from it: EVSE data, states, tokens, records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from roamdesk.demo.hub.partners import HubPartner, Memory
from roamdesk.identifiers import label_key
from roamdesk.oicp import operations as op
from roamdesk.oicp.codes import Code
from roamdesk.oicp.operations import Operation
from roamdesk.oicp.refusing import status_of
from roamdesk.oicp.wire.charging import Acknowledgement
from roamdesk.oicp.wire.evse import EvseDataPage, EvseStatus, EvseStatusByID
from roamdesk.oicp.wire.instants import instant
from roamdesk.oicp.wire.message import Answer
from roamdesk.oicp.wire.pricing import EVSEPricing, PricingProductDataResponse
from roamdesk.oicp.wire.reading import read_document
from roamdesk.oicp.wire.records import ChargeDetailRecordPage, Page
from roamdesk.oicp.wire.writing import encode


@dataclass
class Catalogue:
    memory: Memory

    def answer(self, operation: Operation, partner: HubPartner, message: Any, query: dict[str, str]) -> Answer:
        match operation:
            case op.PUSH_EVSE_DATA:
                return _acknowledge(self._push_data(message.ActionType, message.OperatorEvseData))
            case op.PUSH_EVSE_STATUS:
                return _acknowledge(self._push_status(message.ActionType, message.OperatorEvseStatus))
            case op.PUSH_AUTHENTICATION_DATA:
                records = message.ProviderAuthenticationData.AuthenticationDataRecord
                self.memory.tokens[partner.provider_key] = [record.Identification for record in records]
                return _acknowledge(Code.SUCCESS)
            case op.PULL_EVSE_DATA:
                return _page(EvseDataPage, self._data(message), query)
            case op.GET_CHARGE_DETAIL_RECORDS:
                return _page(ChargeDetailRecordPage, self._records(partner, message), query)
            case op.PULL_EVSE_STATUS_BY_ID:
                return self._status_by_id(message.EvseID)
            case op.PULL_EVSE_STATUS | op.PULL_EVSE_STATUS_BY_OPERATOR:
                return self._status(getattr(message, "OperatorID", None))
            case op.PULL_PRICING_PRODUCTS:
                return PricingProductDataResponse(PricingProductData=[], StatusCode=status_of(Code.SUCCESS))
            case op.PULL_EVSE_PRICING:
                return EVSEPricing(EVSEPricing=[], StatusCode=status_of(Code.SUCCESS))
            case _:  # prices are taken and not kept
                return _acknowledge(Code.SUCCESS)

    def _push_data(self, action: str, data: Any) -> Code:
        named = {"OperatorID": data.OperatorID, "OperatorName": data.OperatorName}
        records = {label_key(one.EvseID): json.loads(encode(one)) | named for one in data.EvseDataRecord}
        ours = {key for key, record in self.memory.evses.items() if record["OperatorID"] == data.OperatorID}
        return _apply(action, self.memory.evses, ours, records)

    def _push_status(self, action: str, data: Any) -> Code:
        said = {label_key(one.EvseID): (data.OperatorID, one.EvseID, one.EvseStatus) for one in data.EvseStatusRecord}
        ours = {key for key, (operator, _, _) in self.memory.statuses.items() if operator == data.OperatorID}
        return _apply("fullLoad" if action == "fullLoad" else "set", self.memory.statuses, ours, said)

    def _data(self, message: Any) -> list[dict[str, Any]]:
        return [
            record for _, record in sorted(self.memory.evses.items())
            if not message.OperatorIds or record["OperatorID"] in message.OperatorIds
        ]  # fmt: skip

    def _records(self, partner: HubPartner, message: Any) -> list[dict[str, Any]]:
        begin, end = instant(message.From), instant(message.To)
        return [
            record.document for record in self.memory.records
            if record.provider_key == partner.provider_key and begin and end and begin <= record.at <= end
            and not (message.CDRForwarded is False and record.forwarded)
        ]  # fmt: skip

    def _status(self, operators: list[str] | None) -> Answer:
        groups: dict[str, list[dict[str, str]]] = {}
        for operator, evse_id, status in self.memory.statuses.values():
            if operators is None or operator in operators:
                groups.setdefault(operator, []).append({"EvseID": evse_id, "EvseStatus": status})
        said = [{"OperatorID": operator, "EvseStatusRecord": records} for operator, records in groups.items()]
        return read_document(EvseStatus, {"EvseStatuses": {"OperatorEvseStatus": said}, "StatusCode": _SUCCESS}).message

    def _status_by_id(self, evse_ids: list[str]) -> Answer:
        records = [{"EvseID": one, "EvseStatus": self._status_of(one)} for one in evse_ids]
        body = {"EVSEStatusRecords": {"EvseStatusRecord": records}, "StatusCode": _SUCCESS}
        return read_document(EvseStatusByID, body).message

    def _status_of(self, evse_id: str) -> str:
        _, _, status = self.memory.statuses.get(label_key(evse_id), ("", "", "EvseNotFound"))
        return status


_SUCCESS = {"Code": "000", "Description": "Success"}


def _acknowledge(code: Code) -> Acknowledgement:
    return Acknowledgement(Result=code is Code.SUCCESS, StatusCode=status_of(code))


def _apply(action: str, kept: dict[str, Any], ours: set[str], given: dict[str, Any]) -> Code:
    """Section 5.11: a full load replaces all, an insert or an update is taken whole or not at all."""
    if (action == "insert" and given.keys() & ours) or (action in ("update", "delete") and given.keys() - ours):
        return Code.DATA_ERROR
    for key in ours if action == "fullLoad" else given if action == "delete" else ():
        kept.pop(key, None)
    if action != "delete":
        kept.update(given)
    return Code.SUCCESS


def _page(kind: type[Page], content: list[dict[str, Any]], query: dict[str, str]) -> Answer:
    number, size = int(query.get("page", "0")), max(1, min(int(query.get("size", "20")), 2000))
    part = content[number * size : (number + 1) * size]
    pages = -(-len(content) // size)
    envelope = {
        "content": part, "number": number, "size": size, "totalElements": len(content), "totalPages": pages,
        "numberOfElements": len(part), "first": number == 0, "last": number >= pages - 1, "StatusCode": _SUCCESS,
    }  # fmt: skip
    return read_document(kind, envelope).message
