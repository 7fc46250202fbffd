"""The stand-in's files: three steps up, one down, and what Slack says when a step is missing."""

from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox import slack_house
from tests.sandbox.slack_house import World, error

world = slack_house.world
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


async def begun(world: World, name: str = "photo.png", data: bytes = PNG) -> tuple[str, str]:
    """The id and the upload's address of a file that was announced."""
    told = await world.client.files_getUploadURLExternal(filename=name, length=len(data))
    return told["file_id"], told["upload_url"]


async def uploaded(world: World, name: str = "photo.png", data: bytes = PNG) -> str:
    file, url = await begun(world, name, data)
    async with httpx.AsyncClient() as client:
        assert (await client.post(url, content=data)).status_code == 200
    return file


async def complete(world: World, *files: str, **more: Any) -> Any:
    return await world.client.files_completeUploadExternal(files=[{"id": one} for one in files], **more)


async def got(url: str, token: str = "") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(url, headers={"Authorization": f"Bearer {token}"} if token else {})


async def test_an_upload_in_three_steps_makes_one_message_without_metadata(world: World) -> None:
    parent = await world.post(text="Card")
    files = [await uploaded(world), await uploaded(world, "offer.pdf", b"%PDF-1.7")]
    told = await complete(world, *files, channel_id=world.support, thread_ts=parent.ts)
    assert [one["id"] for one in told["files"]] == files
    (message,) = world.slack.replies(world.support, parent.ts)
    assert [(one.name, one.data) for one in message.files] == [("photo.png", PNG), ("offer.pdf", b"%PDF-1.7")]
    assert message.metadata is None
    listed = await world.client.conversations_replies(
        channel=world.support, ts=parent.ts, include_all_metadata=True
    )
    assert [file["name"] for file in listed["messages"][1]["files"]] == ["photo.png", "offer.pdf"]
    file = (await world.client.files_info(file=files[0]))["file"]
    (share,) = file["shares"]["public"][world.support]
    assert (share["ts"], share["thread_ts"]) == (message.ts, parent.ts)


async def test_a_private_channels_share_is_a_private_one(world: World) -> None:
    secret = world.slack.add_channel("secret", private=True, members=[world.ana])
    file = await uploaded(world)
    await complete(world, file, channel_id=secret)
    shares = (await world.client.files_info(file=file))["file"]["shares"]
    assert list(shares) == ["private"]
    assert list(shares["private"]) == [secret]


async def test_a_file_is_completed_once_only_and_not_before_it_is_there(world: World) -> None:
    empty, _ = await begun(world)
    assert await error(complete(world, empty, channel_id=world.support)) == "file_not_found"
    assert await error(world.client.files_info(file=empty)) == "file_not_found"
    file = await uploaded(world)
    await complete(world, file, channel_id=world.support)
    assert await error(complete(world, file, channel_id=world.support)) == "file_not_found"
    assert len(world.slack.messages("support")) == 1


async def test_a_channel_that_cannot_take_it_leaves_the_file_uncompleted(world: World) -> None:
    file = await uploaded(world)
    away = world.slack.add_channel("away", members=[world.ana], bot_is_member=False)
    hidden = world.slack.add_channel("hidden", private=True, members=[world.ana], bot_is_member=False)
    assert await error(complete(world, file, channel_id="C404")) == "channel_not_found"
    assert await error(complete(world, file, channel_id=away)) == "not_in_channel"
    assert await error(complete(world, file, channel_id=hidden)) == "channel_not_found"
    world.slack.channel("support").archived = True
    assert await error(complete(world, file, channel_id=world.support)) == "is_archived"
    world.slack.channel("support").archived = False
    await complete(world, file, channel_id=world.support)


@pytest.mark.parametrize("arguments", [{"filename": "", "length": 3}, {"filename": "a", "length": 0}])
async def test_a_file_without_name_or_length_is_refused(world: World, arguments: dict[str, Any]) -> None:
    with pytest.raises(SlackApiError):
        await world.client.files_getUploadURLExternal(**arguments)


async def test_only_the_apps_token_fetches_a_file_and_others_get_a_page_with_200(world: World) -> None:
    file = world.slack.add_file(world.ana, "list ä.csv", b"a;b").as_json()
    url = file["url_private_download"]
    right = await got(url, world.slack.bot_token)
    assert (right.content, right.headers["content-type"].split(";")[0]) == (b"a;b", "text/csv")
    for token in ("", "xoxb-another"):
        wrong = await got(url, token)
        assert (wrong.status_code, wrong.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert (await got(file["url_private"], world.slack.bot_token)).content == b"a;b"


async def test_a_deleted_file_is_gone_everywhere(world: World) -> None:
    file = await uploaded(world)
    await complete(world, file, channel_id=world.support)
    url = (await world.client.files_info(file=file))["file"]["url_private"]
    await world.client.files_delete(file=file)
    assert await error(world.client.files_info(file=file)) == "file_deleted"
    assert (await got(url, world.slack.bot_token)).status_code == 404
    history = await world.client.conversations_history(channel=world.support)
    assert history["messages"][0]["files"] == [{"id": file, "mode": "tombstone"}]
    anas = world.slack.add_file(world.ana, "a.txt", b"a")
    assert await error(world.client.files_delete(file=anas.id)) == "cant_delete_file"


async def test_a_person_shows_a_file_and_the_page_draws_it(world: World) -> None:
    photo = world.slack.add_file(world.ana, "photo.png", PNG)
    message = world.slack.share(world.ana, [photo], "support", "look")
    assert photo.as_json()["shares"]["public"][world.support][0]["ts"] == message.ts
    assert "photo.png" in message.all_text
    page = (await got(f"{world.slack.url}/?as={world.ana.id}&channel={world.support}")).text
    assert f'<img src="/open/{photo.id}" alt="photo.png">' in page
    assert (await got(f"{world.slack.url}/open/{photo.id}")).content == PNG


async def test_a_slow_share_comes_after_the_answer(world: World) -> None:
    world.slack.workspace.slow_shares = waiting = []
    file = await uploaded(world)
    await complete(world, file, channel_id=world.support)
    assert (await world.client.files_info(file=file))["file"]["shares"] == {}
    waiting.pop()()
    assert len(world.slack.messages("support")) == 1


@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": True}, {"html": True, "status": 500}])
async def test_faults_strike_the_bytes_as_they_do_the_methods(world: World, fault: dict[str, Any]) -> None:
    world.slack.faults.api("files.upload", **fault)
    _, url = await begun(world)
    async with httpx.AsyncClient() as client:
        if "cut" in fault:
            with pytest.raises(httpx.TransportError):
                await client.post(url, content=PNG)
        else:
            assert (await client.post(url, content=PNG)).status_code >= 500
        assert (await client.post(url, content=PNG[:3])).status_code == 400
        assert (await client.post(url, files={"file": ("photo.png", PNG)})).status_code == 200
    world.slack.faults.api("files.download", **fault)
    file = world.slack.add_file(world.ana, "a.txt", b"a").as_json()
    with pytest.raises((httpx.TransportError, AssertionError)):
        assert (await got(file["url_private"], world.slack.bot_token)).is_success
    world.slack.faults.api("files.info", error="ratelimited", retry_after=3)
    assert await error(world.client.files_info(file=file["id"])) == "ratelimited"
