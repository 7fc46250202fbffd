"""The webhook's door over real HTTP: what it answers, and what it puts on disk."""

import json
from pathlib import Path

import httpx
import pytest

from bot.tls import trust
from bot.webhook import EVENTS, SIZE_LIMIT
from sandbox.freescout import sign
from tests.conftest import House

PAYLOADS = Path(__file__).parent / "payloads"
RECORDED_SECRET = "c38e0f2ff7f5399266cdc961342ba981"
RECORDINGS = sorted(path.name.removesuffix(".body") for path in PAYLOADS.glob("webhook.*.body"))


async def ring(
    house: House, body: bytes, event: str | None = "convo.created", signature: str | None = None
) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    if event is not None:
        headers["X-FreeScout-Event"] = event
    if signature is None:
        signature = sign(body, house.settings.freescout_webhook_secret)
    if signature:
        headers["X-FreeScout-Signature"] = signature
    async with httpx.AsyncClient(verify=trust()) as client:
        return await client.post(f"{house.address}/freescout/webhook", content=body, headers=headers)


async def health(house: House) -> dict[str, dict[str, int]]:
    async with httpx.AsyncClient(verify=trust()) as client:
        return (await client.get(f"{house.address}/healthz")).json()


async def test_every_recording_is_taken_as_it_is_and_none_with_one_byte_changed(empty_house: House) -> None:
    house = empty_house
    await house.start(freescout_webhook_secret=RECORDED_SECRET)
    for name in RECORDINGS:
        body = (PAYLOADS / f"{name}.body").read_bytes()
        headers = json.loads((PAYLOADS / f"{name}.headers.json").read_text())
        event, signature = headers["X-FreeScout-Event"], headers["X-FreeScout-Signature"]
        assert (await ring(house, body, event, signature)).status_code == 200
        for place in range(0, len(body), max(1, len(body) // 40)):
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            assert (await ring(house, changed, event, signature)).status_code == 401
    counts = (await health(house))["webhooks"]
    assert {event for event in counts if event.startswith("convo.")} == {
        n.removeprefix("webhook.") for n in RECORDINGS
    }


@pytest.mark.parametrize("event", sorted(EVENTS))
async def test_each_of_the_twelve_events_is_known(house: House, event: str) -> None:
    assert len(EVENTS) == 12
    assert (await ring(house, b'{"id":1}', event)).status_code == 200
    assert (await health(house))["webhooks"] == {event: 1}


@pytest.mark.parametrize(
    ("body", "event", "counted"),
    [
        (b"", "convo.created", "dropped: empty body"),
        (b"null", "convo.created", "dropped: empty body"),
        (b" \n", "convo.created", "dropped: empty body"),
        (b'{"id":1}', "convo.exploded", "dropped: unknown event"),
        (b'{"id":1}', None, "dropped: unknown event"),
        (b'{"id":null}', "convo.created", "dropped: no id"),
        (b"[]", "convo.created", "dropped: no id"),
    ],
)
async def test_what_asks_for_nothing_is_answered_counted_and_dropped(
    house: House, body: bytes, event: str | None, counted: str
) -> None:
    assert (await ring(house, body, event)).status_code == 200
    told = await health(house)
    assert told["webhooks"] == {counted: 1}
    assert told["work"]["waiting"] == 0


async def test_a_forged_one_is_refused_whatever_it_says(house: House) -> None:
    for signature in ("AAAA", "", "é", sign(b"other", house.settings.freescout_webhook_secret)):
        for body in (b'{"id":1}', b"", b"null", b"{broken"):
            async with httpx.AsyncClient(verify=trust()) as client:
                answer = await client.post(
                    f"{house.address}/freescout/webhook",
                    content=body,
                    headers=[(b"X-FreeScout-Signature", signature.encode())] if signature else [],
                )
            assert answer.status_code == 401
    assert (await health(house))["work"]["waiting"] == 0


async def test_broken_json_with_a_good_signature_is_a_400(house: House) -> None:
    for body in (b"{broken", b"\xff\xfe", b"[" * 100_000):
        assert (await ring(house, body)).status_code == 400


async def test_eight_mebibytes_pass_and_one_byte_more_does_not(house: House) -> None:
    head, tail = b'{"id":1,"x":"', b'"}'
    whole = head + b"a" * (SIZE_LIMIT - len(head) - len(tail)) + tail
    assert (await ring(house, whole)).status_code == 200
    assert (await ring(house, whole + b" ")).status_code == 413


async def test_a_body_that_hides_its_length_is_measured_while_it_is_read(house: House) -> None:
    async def endless():
        for _ in range(200):
            yield b"a" * 65536

    async with httpx.AsyncClient(verify=trust()) as client:
        answer = await client.post(f"{house.address}/freescout/webhook", content=endless())
    assert answer.status_code == 413


async def test_other_methods_and_paths_are_told_apart(house: House) -> None:
    async with httpx.AsyncClient(verify=trust()) as client:
        assert (await client.get(f"{house.address}/freescout/webhook")).status_code == 405
        assert (await client.get(f"{house.address}/")).status_code == 404
        assert (await client.get(f"{house.address}/healthz")).json()["status"] == "ok"


async def test_the_bell_is_on_disk_when_200_is_answered(house: House) -> None:
    house.freescout.faults.api("GET /api/conversations/*", status=503, times=None)
    assert (await ring(house, b'{"id":77}')).status_code == 200
    assert (await health(house))["work"]["waiting"] == 1
    await house.stop()
    house.freescout.faults.clear()
    await house.start()
    await house.until(lambda: [one for one in house.freescout.requests if one.path.endswith("/77")])


async def test_slack_requests_must_be_signed(house: House) -> None:
    async with httpx.AsyncClient(verify=trust()) as client:
        for headers in ({}, {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"}):
            answer = await client.post(
                f"{house.address}/slack/events",
                content=b"command=%2Ffreescout&text=help&user_id=U1",
                headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
            )
            assert answer.status_code == 401


async def test_a_customers_words_and_the_secrets_stay_out_of_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    card = await house.writes(
        "Very private subject", "<p>very private words</p>", email="private@example.org"
    )
    await house.until(lambda: house.thread(card))
    await house.ana.types("/freescout find private@example.org")
    await house.until(lambda: "Found" in house.told(house.ana))
    house.freescout.faults.api("GET /api/conversations/*", status=500, html=True, times=3)
    house.freescout.customer_replies(1, "more private words")
    await house.until(lambda: "more private" in house.said(card))
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    for secret in (
        "private",
        house.settings.freescout_api_key,
        house.settings.slack_bot_token,
        house.settings.freescout_webhook_secret,
    ):
        assert secret not in logged
    assert "500" in logged


async def test_the_same_webhook_twice_at_once_are_two_bells(house: House) -> None:
    """Somebody may have changed a thing, and changed it back, within one second."""
    for _ in range(2):
        assert (await ring(house, b'{"id":1}')).status_code == 200
    assert (await health(house))["webhooks"] == {"convo.created": 2}
