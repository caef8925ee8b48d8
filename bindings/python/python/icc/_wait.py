"""Waiting in asyncio: a thread of the loop's executor waits in the kernel."""

from __future__ import annotations

import asyncio
from typing import Any


async def ready(handle: Any) -> None:
    """Returns once `handle.wait()` does. Cancelling it ends the wait."""
    loop = asyncio.get_running_loop()
    # In pieces, so that a loop that is gone leaves no thread waiting for ever.
    while True:
        waiting = loop.run_in_executor(None, handle.wait, 1.0)
        try:
            if await asyncio.shield(waiting):
                return
        except asyncio.CancelledError:
            handle.interrupt()
            # What it says is nobody's business any more.
            waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
