"""The doorbell, without a server: which bodies are FreeScout's own, and what each of them asks for."""

import base64
import contextlib
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BridgeError
from bot.webhook import (
    CONVERSATION_EVENTS,
    CUSTOMER_EVENTS,
    EVENTS,
    BadBody,
    Bell,
    CustomerBell,
    Dropped,
    Echoes,
    read,
    signed,
)

SECRET = "c38e0f2ff7f5399266cdc961342ba981"
PAYLOADS = Path(__file__).parent / "payloads"
RECORDINGS = sorted(PAYLOADS.glob("webhook.*.body"))
PROFILE = settings(max_examples=150, deadline=None, derandomize=True)
everything = pytest.mark.parametrize(
    "recording", RECORDINGS, ids=lambda path: path.name[len("webhook.") : -len(".body")]
)


def headers_of(recording: Path) -> dict[str, str]:
    return json.loads(recording.with_suffix(".headers.json").read_text())


def signature_of(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def test_there_are_recordings_to_prove_anything_with() -> None:
    assert len(RECORDINGS) == 6


# ---------------------------------------------------------------------------------------- signatures


@everything
def test_what_the_real_server_sent_is_recognised(recording: Path) -> None:
    assert signed(recording.read_bytes(), headers_of(recording)["X-FreeScout-Signature"], SECRET)


@everything
def test_one_changed_byte_anywhere_breaks_the_signature(recording: Path) -> None:
    body, signature = recording.read_bytes(), headers_of(recording)["X-FreeScout-Signature"]
    step = 1 if len(body) < 3000 else 7
    for place in {*range(0, len(body), step), len(body) - 1}:
        changed = bytearray(body)
        changed[place] ^= 1 << place % 8
        assert not signed(bytes(changed), signature, SECRET), place


@everything
def test_the_same_json_written_differently_is_not_what_was_signed(recording: Path) -> None:
    body = json.dumps(json.loads(recording.read_bytes())).encode()
    assert not signed(body, headers_of(recording)["X-FreeScout-Signature"], SECRET)


@everything
def test_a_body_cut_short_or_added_to_breaks_the_signature(recording: Path) -> None:
    body, signature = recording.read_bytes(), headers_of(recording)["X-FreeScout-Signature"]
    for other in (body[:-1], body[1:], body + b"\n", b" " + body, b""):
        assert not signed(other, signature, SECRET)


RIGHT = signature_of(b"{}")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        " ",
        "=",
        RIGHT[:-1],
        RIGHT + "=",
        RIGHT.swapcase(),
        RIGHT.replace(RIGHT[0], "é", 1),
        "\udce9" + RIGHT[1:],
        "\x00" + RIGHT,
        "sha1=" + RIGHT,
        "ключ",
        hmac.new(SECRET.encode(), b"{}", hashlib.sha1).hexdigest(),
        base64.b64encode(hmac.new(SECRET.encode(), b"{}", hashlib.sha256).digest()).decode(),
        signature_of(b"{}", SECRET.upper()),
        signature_of(b"{}", ""),
        signature_of(b"{ }"),
    ],
)
def test_a_signature_that_is_not_exactly_right_is_refused(signature: str | None) -> None:
    assert signed(b"{}", RIGHT, SECRET)
    assert not signed(b"{}", signature, SECRET)


def test_blanks_around_a_header_are_nobodys_fault() -> None:
    assert signed(b"{}", f" {RIGHT} ", SECRET)


@PROFILE
@given(st.binary(max_size=200), st.text(max_size=40), st.text(min_size=1, max_size=40))
def test_no_header_raises_and_only_the_right_one_passes(body: bytes, signature: str, secret: str) -> None:
    assert signed(body, signature_of(body, secret), secret)
    assert not signed(body, signature, secret)


# --------------------------------------------------------------------------------------------- bells


@everything
def test_a_recording_rings_for_its_own_conversation(recording: Path) -> None:
    body, event = recording.read_bytes(), headers_of(recording)["X-FreeScout-Event"]
    expected = 2 if event == "convo.created" else 1
    assert read(event, body) == Bell(event, expected)


def test_twelve_events_are_known() -> None:
    assert len(EVENTS) == 12
    assert not CONVERSATION_EVENTS & CUSTOMER_EVENTS
    assert {read(event, b'{"id": 7}') for event in CONVERSATION_EVENTS} == {
        Bell(event, 7) for event in CONVERSATION_EVENTS
    }
    assert {read(event, b'{"id": 7}') for event in CUSTOMER_EVENTS} == {
        CustomerBell("customer.created", 7),
        CustomerBell("customer.updated", 7),
    }


@pytest.mark.parametrize(
    "event", [None, "", "convo", "CONVO.CREATED", "convo.created ", "convo.exploded", "my.workflow", "é"]
)
def test_an_unknown_event_is_dropped(event: str | None) -> None:
    assert read(event, b'{"id": 7}') == Dropped("unknown event")


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t", b"null", b" null\n"])
def test_an_empty_body_is_dropped_whatever_the_event(body: bytes) -> None:
    assert read("convo.created", body) == read(None, body) == Dropped("empty body")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"id": 412}', 412),
        (b'{"id": "412"}', 412),
        (b'{"id": "000412"}', 412),
        (b'{"id": 9223372036854775807}', 2**63 - 1),
        (b'{"id": 9223372036854775808}', None),
        (b'{"id": "9999999999999999999"}', None),
        (b'{"id": 1e400}', None),
        (b'{"id": 0}', None),
        (b'{"id": -1}', None),
        (b'{"id": "-1"}', None),
        (b'{"id": 412.0}', None),
        (b'{"id": true}', None),
        (b'{"id": false}', None),
        (b'{"id": null}', None),
        (b'{"id": ""}', None),
        (b'{"id": "four"}', None),
        ('{"id": "٤١٢"}'.encode(), None),
        (b'{"id": [412]}', None),
        (b'{"id": {"id": 412}}', None),
        (b'{"ID": 412}', None),
        (b"{}", None),
        (b"[]", None),
        (b'[{"id": 412}]', None),
        (b"412", None),
        (b'"412"', None),
        (b"true", None),
        (b"NaN", None),
    ],
)
def test_only_a_plain_positive_id_rings(body: bytes, expected: int | None) -> None:
    assert read("convo.status", body) == (Bell("convo.status", expected) if expected else Dropped("no id"))


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"id": 1',
        b"{'id': 1}",
        b"id=1",
        b"<html>502 Bad Gateway</html>",
        b'{"id": 1} trailing',
        b'{"id": "\xff"}',
        b"\xff\xfe",
        b"\x00",
        b'{"id": ' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_no_json_is_bad_whoever_signed_it(body: bytes) -> None:
    with pytest.raises(BadBody) as caught:
        read("convo.created", body)
    assert isinstance(caught.value, BridgeError)


@PROFILE
@given(st.sampled_from([None, "odd", *sorted(EVENTS)]), st.binary(max_size=300))
def test_any_bytes_ring_or_are_dropped_or_are_bad(event: str | None, body: bytes) -> None:
    with contextlib.suppress(BadBody):
        assert isinstance(read(event, body), Bell | CustomerBell | Dropped)


# --------------------------------------------------------------------------------------------- echoes


class Watch:
    """A clock that stands still between what a test does."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


SIGNED = ("convo.status", signature_of(b'{"id": 7}'))


def test_the_same_bytes_once_more_minutes_later_are_an_echo_and_at_once_they_are_not() -> None:
    watch = Watch()
    echoes = Echoes(watch)
    assert not echoes.heard(*SIGNED)
    echoes.keep(*SIGNED)
    for later, heard in ((0, False), (9.9, False), (0.1, False), (0.1, True), (3600, True)):
        watch.at += later
        assert echoes.heard(*SIGNED) is heard, watch.at


def test_another_event_or_another_body_is_no_echo() -> None:
    watch = Watch()
    echoes = Echoes(watch)
    echoes.keep(*SIGNED)
    watch.at += 60
    assert not echoes.heard("convo.moved", SIGNED[1])
    assert not echoes.heard(None, SIGNED[1])
    assert not echoes.heard(SIGNED[0], signature_of(b'{"id": 8}'))


def test_what_was_never_kept_is_no_echo_however_often_it_came() -> None:
    watch = Watch()
    echoes = Echoes(watch)
    for _ in range(3):
        assert not echoes.heard(*SIGNED)  # its bell did not come to the disk
        watch.at += 600


def test_an_echo_of_an_echo_counts_from_the_first() -> None:
    watch = Watch()
    echoes = Echoes(watch)
    echoes.keep(*SIGNED)
    watch.at += 9
    echoes.keep(*SIGNED)
    watch.at += 2
    assert echoes.heard(*SIGNED)


def test_the_oldest_are_forgotten_where_there_are_too_many() -> None:
    watch = Watch()
    echoes = Echoes(watch, most=3)
    names = [("convo.status", signature_of(b"%d" % one)) for one in range(5)]
    for name in names:
        echoes.keep(*name)
    watch.at += 60
    assert [echoes.heard(*name) for name in names] == [False, False, True, True, True]
