"""What the bridge's look is measured against: one fetch and one post for each line on standard input.

    echo CONVERSATION | python -m benchmarks.barescript FREESCOUT_URL SLACK_API_URL CHANNEL

It keeps no promise: nothing is on disk, nothing is compared, nothing is said only once.
"""

import asyncio
import sys

import httpx


async def main(freescout: str, slack: str, channel: str) -> None:
    """Read conversations' ids, one a line, until there are no more; write one line for each that is done."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    key = {"X-FreeScout-API-Key": "freescout-api-key"}
    token = {"Authorization": "Bearer xoxb-sandbox-bot"}
    async with httpx.AsyncClient() as client:
        print("ready", flush=True)
        while line := await reader.readline():
            url = f"{freescout}/api/conversations/{int(line)}?embed=threads"
            told = (await client.get(url, headers=key)).raise_for_status().json()
            text = f"#{told['number']} {told['subject']}"
            section = {"type": "section", "text": {"type": "plain_text", "text": text}}
            post = {"channel": channel, "text": text, "blocks": [section]}
            answer = await client.post(f"{slack}/api/chat.postMessage", json=post, headers=token)
            assert answer.json()["ok"], answer.text
            print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
