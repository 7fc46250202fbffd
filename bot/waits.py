"""Waiting for something to happen, but not for ever, and not past the end."""

import asyncio


async def wait_for(event: asyncio.Event, timeout: float, stopping: asyncio.Event | None = None) -> None:
    """Return when `event` is set, after `timeout` seconds, or when `stopping` is set; unset `event`."""
    waits = [asyncio.ensure_future(one.wait()) for one in (event, stopping) if one is not None]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    event.clear()  # before the caller looks: what comes from now on sets it again
