"""Queues, with dtypes and iteration over what the native part does."""

from __future__ import annotations

import json
from typing import Any, AsyncIterator, Callable, Iterator, Optional, Tuple, Union

import numpy as np

from . import _icc
from ._icc import Lost, Position, Producer
from ._wait import ready

#: How many messages iteration takes at once.
_BATCH = 1024


class Consumer:
    """A reading end of a queue. Each sees every message from where it started, or is told which it missed.

    One thread at a time uses it: others wait until that one is done. Closing it ends the wait of another.
    Iterating, also with ``async for``, gives records and ``Lost`` objects, in order, and waits for more.
    """

    read: Callable[..., Tuple[np.ndarray, Optional[Lost]]]
    read_into: Callable[[np.ndarray], Tuple[int, Optional[Lost]]]
    wait: Callable[..., bool]
    interrupt: Callable[[], None]
    skip_to_newest: Callable[[], int]
    close: Callable[[], None]

    def __init__(self, native: _icc.Consumer) -> None:
        self._native = native
        for name in ("read", "read_into", "wait", "interrupt", "skip_to_newest", "close"):
            setattr(self, name, getattr(native, name))

    @property
    def position(self) -> Position:
        return self._native.position

    @property
    def next_sequence(self) -> int:
        return self._native.next_sequence

    @property
    def lag(self) -> int:
        return self._native.lag

    @property
    def headroom(self) -> int:
        return self._native.headroom

    @property
    def received(self) -> int:
        return self._native.received

    @property
    def lost(self) -> int:
        return self._native.lost

    @property
    def dtype(self) -> np.dtype:
        return self._native.dtype

    @property
    def closed(self) -> bool:
        return self._native.closed

    def batches(self, max: int = _BATCH) -> Iterator[Union[np.ndarray, Lost]]:
        """Arrays of what is there, and ``Lost`` objects between them; waits for more, without end."""
        while True:
            self.wait()
            messages, lost = self.read(max)
            if lost is not None:
                yield lost
            if len(messages):
                yield messages

    def __iter__(self) -> Iterator[Any]:
        for batch in self.batches():
            if isinstance(batch, Lost):
                yield batch
            else:
                yield from batch

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            await ready(self._native)
            messages, lost = self.read(_BATCH)
            if lost is not None:
                yield lost
            for message in messages:
                yield message

    def __enter__(self) -> "Consumer":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return self._native.__reduce__()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"next {self.next_sequence}, received {self.received}, lost {self.lost}"
        return f"<icc.Consumer {state}>"


class Queue(_icc.Queue):
    """A queue: a stream of messages of which every consumer sees every one. ``icc.open`` gives it."""

    def consumer(self) -> Consumer:
        """A consumer of what comes from now on."""
        return Consumer(self._consumer())

    def from_oldest(self) -> Consumer:
        """A consumer of all that is still there, and then of what comes."""
        return Consumer(self._from_oldest())

    def at(self, position: Union[Position, int]) -> Consumer:
        """A consumer that goes on at a position that was noted, or at a sequence number of this queue."""
        if not isinstance(position, Position):
            position = Position(self.instance, position)
        return Consumer(self._at(position))

    def tail(self, count: int) -> np.ndarray:
        """The newest `count` messages, or as many as there are, as an array."""
        messages, _ = self._newest(count).read(count)
        return messages

    def producer(self) -> Producer:
        """A producer. Of a queue for one, a TakenError while another one lives, in whatever process."""
        return self._producer()

    @property
    def schema(self) -> Optional[Any]:
        """What the fields are, as JSON has it, with units, enums, scales and doc; None if the header has none."""
        return None if self._schema_text is None else json.loads(self._schema_text)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.consumer())

    def __enter__(self) -> "Queue":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<icc.Queue {str(self.name)!r}{', closed' if self.closed else ''}>"
