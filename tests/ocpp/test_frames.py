"""RPC frames: what is read, what is refused, and that no text at all brings the reader down (OCPP-J section 4)."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roamdesk.ocpp.frames import (
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    Send,
    UnreadableFrame,
    format_call,
    format_error,
    format_result,
    parse,
)
from roamdesk.ocpp.versions import OcppVersion

plain_text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | plain_text,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(plain_text, children, max_size=3),
    max_leaves=8,
)
payloads = st.dictionaries(plain_text, json_values, max_size=4)
message_ids = plain_text.filter(bool).map(lambda text: text[:36])


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('[2,"a","Heartbeat",{}]', Call("a", "Heartbeat", {})),
        ('[3,"a",{"status":"Unlocked"}]', CallResult("a", {"status": "Unlocked"})),
        ('[4,"a","GenericError","jammed",{"n":1}]', CallError("a", "GenericError", "jammed", {"n": 1})),
        ('[4,"a","SomethingOfOurOwn"]', CallError("a", "SomethingOfOurOwn", "", {})),
        ('[4,"a","GenericError",null,null]', CallError("a", "GenericError", "", {})),
        ('[5,"a","GenericError","",{}]', CallResultError("a", "GenericError", "", {})),
        ('[6,"a","NotifyPeriodicEventStream",{}]', Send("a", "NotifyPeriodicEventStream", {})),
    ],
)
def test_every_frame_of_the_protocol_is_read(text: str, frame: object) -> None:
    assert parse(text) == frame


def test_decimals_stay_exact() -> None:
    frame = parse('[3,"a",{"value":0.1000000000000000055511151231257827}]')
    assert isinstance(frame, CallResult)
    assert frame.payload["value"] == Decimal("0.1000000000000000055511151231257827")


def test_escaped_letters_and_emoji_are_ordinary_text() -> None:
    frame = parse('[3,"a",{"info":"T\\u00fcr \\ud83d\\ude00 \\\\n"}]')
    assert isinstance(frame, CallResult)
    assert frame.payload == {"info": "Tür 😀 \\n"}


@given(message_ids, plain_text, payloads)
def test_what_we_write_is_read_back(message_id: str, action: str, payload: dict[str, Any]) -> None:
    assert parse(format_call(message_id, action, payload)) == Call(message_id, action, payload)
    assert parse(format_result(message_id, payload)) == CallResult(message_id, payload)
    assert parse(format_error(message_id, "GenericError", action)) == CallError(message_id, "GenericError", action, {})


@given(st.text() | json_values.map(json.dumps))
@example("[" * 100_000)
@example('[2,"a","Heartbeat",' + '{"a":' * 200 + "1" + "}" * 200 + "]")
@example('[3,"a",{"n":' + "9" * 5000 + "}]")
def test_any_text_is_either_a_frame_or_refused_with_a_reason(text: str) -> None:
    assert can_be_read(text) in (True, False)


@pytest.mark.parametrize(("levels", "is_read"), [(60, True), (70, False)])
def test_nesting_is_bounded(levels: int, is_read: bool) -> None:
    text = '[3,"a",{"deep":' + "[" * levels + "]" * levels + "}]"
    assert can_be_read(text) is is_read


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert can_be_read('[3,"a",{"flat":[' + ",".join(["[]"] * 500) + "]}]")


@pytest.mark.parametrize(
    ("text", "call_id"),
    [
        ('[2,"abc","Heartbeat",{', "abc"),
        (' [ 2 , "abc" , 17', "abc"),
        ('[3,"abc",{', None),
        ('[2,"a\\"c",{', None),
        ("garbage", None),
    ],
)
def test_the_id_of_a_broken_call_is_saved_so_that_it_can_be_answered(text: str, call_id: str | None) -> None:
    with pytest.raises(UnreadableFrame) as refused:
        parse(text)
    assert refused.value.call_id == call_id


@pytest.mark.parametrize(
    ("code", "in_16", "in_2"),
    [
        (ErrorCode.FORMAT, "FormationViolation", "FormatViolation"),
        (ErrorCode.OCCURRENCE, "OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
        (ErrorCode.MESSAGE_TYPE, "ProtocolError", "MessageTypeNotSupported"),
        (ErrorCode.INTERNAL, "InternalError", "InternalError"),
    ],
)
def test_error_codes_are_spelled_as_the_version_spells_them(code: ErrorCode, in_16: str, in_2: str) -> None:
    spelled = [code.spelled_for(version) for version in OcppVersion]
    assert spelled == [in_16, in_2, in_2]


def can_be_read(text: str) -> bool:
    try:
        parse(text)
    except UnreadableFrame:
        return False
    return True
