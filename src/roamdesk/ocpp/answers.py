"""From the report of a CALL to the outcome of a command."""

from typing import Any

from roamdesk.ocpp.calls import Answer, CallReport, OpenCall, Silence
from roamdesk.ocpp.frames import CallError
from roamdesk.ocpp.outcomes import RESULT_OF_STATUS, CommandOutcome, Result
from roamdesk.ocpp.schemas import WrongPayload, check_response
from roamdesk.ocpp.versions import OcppVersion

RESULT_OF_SILENCE = {
    Silence.NOT_CONNECTED: Result.NOT_CONNECTED,
    Silence.BUSY: Result.BUSY,
    Silence.WITHDRAWN: Result.WITHDRAWN,
    Silence.NO_ANSWER: Result.NO_ANSWER,
    Silence.CONNECTION_LOST: Result.CONNECTION_LOST,
}


def outcome_of(version: OcppVersion, report: CallReport) -> CommandOutcome:
    if report.answer is not None:
        return outcome_of_answer(version, report.call, report.answer)
    assert report.silence is not None
    result = RESULT_OF_SILENCE[report.silence]
    return CommandOutcome(
        result,
        report.call.message_id,
        action=report.call.action,
        detail=report.reason,
        request=report.call.text if result.was_sent else None,
        sent_at=report.call.sent_at,
    )


def outcome_of_answer(version: OcppVersion, call: OpenCall, answer: Answer) -> CommandOutcome:
    """Also for an answer that came late."""
    if isinstance(answer.frame, CallError):
        return _refused(call, answer, answer.frame)
    result, detail = _read_status(version, call.action, answer.frame.payload)
    return _answered(call, answer, result, detail)


def _refused(call: OpenCall, answer: Answer, error: CallError) -> CommandOutcome:
    return CommandOutcome(
        Result.CALL_ERROR,
        call.message_id,
        action=call.action,
        detail=f"{error.code}: {error.description}" if error.description else error.code,
        request=call.text,
        response=answer.text,
        sent_at=call.sent_at,
        answered_at=answer.at,
        error_code=error.code,
        error_description=error.description,
    )


def _answered(call: OpenCall, answer: Answer, result: Result, detail: str) -> CommandOutcome:
    return CommandOutcome(
        result,
        call.message_id,
        action=call.action,
        detail=detail,
        request=call.text,
        response=answer.text,
        sent_at=call.sent_at,
        answered_at=answer.at,
    )


def _read_status(version: OcppVersion, action: str, payload: dict[str, Any]) -> tuple[Result, str]:
    try:
        check_response(version, action, payload)
    except WrongPayload as wrong:
        return Result.UNREADABLE_ANSWER, f"the answer breaks the {version} schema: {wrong.reason}"
    return RESULT_OF_STATUS[payload["status"]], _status_info(payload)


def _status_info(payload: dict[str, Any]) -> str:
    info = payload.get("statusInfo", {})
    return ": ".join(part for part in (info.get("reasonCode"), info.get("additionalInfo")) if part)
