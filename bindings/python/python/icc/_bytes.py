"""Queues of bytes, with iteration over what the native part does."""

from __future__ import annotations

from typing import Any, AsyncIterator, Callable, Iterator, List, Optional, Tuple, Union

from . import _icc
from ._icc import BytesLost, BytesProducer, Position
from ._wait import ready

#: How many messages iteration takes at once.
_BATCH = 1024


class BytesConsumer:
    """A reading end of a queue of bytes. Each sees every message from where it started, or is told which it missed.

    What is said of ``Consumer`` holds for it. ``read`` gives a list of ``bytes``, and what was lost before them as a
    ``BytesLost`` or None. Iterating, also with ``async for``, gives ``bytes`` and ``BytesLost`` objects, in order, and
    waits for more. Numbers are those of slots: a message has that of its first one.
    """

    read: Callable[..., Tuple[List[bytes], Optional[BytesLost]]]
    wait: Callable[..., bool]
    interrupt: Callable[[], None]
    skip_to_newest: Callable[[], int]
    close: Callable[[], None]

    def __init__(self, native: _icc.BytesConsumer) -> None:
        self._native = native
        for name in ("read", "wait", "interrupt", "skip_to_newest", "close"):
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
    def lost(self) -> Optional[int]:
        """How many messages it lost; None with many producers, where that cannot be known."""
        return self._native.lost

    @property
    def lost_slots(self) -> int:
        return self._native.lost_slots

    @property
    def closed(self) -> bool:
        return self._native.closed

    def __iter__(self) -> Iterator[Union[bytes, BytesLost]]:
        while True:
            self.wait()
            messages, lost = self.read(_BATCH)
            if lost is not None:
                yield lost
            yield from messages

    async def __aiter__(self) -> AsyncIterator[Union[bytes, BytesLost]]:
        while True:
            await ready(self._native)
            messages, lost = self.read(_BATCH)
            if lost is not None:
                yield lost
            for message in messages:
                yield message

    def __enter__(self) -> "BytesConsumer":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return self._native.__reduce__()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"next {self.next_sequence}, received {self.received}, lost {self.lost}"
        return f"<icc.BytesConsumer {state}>"


class BytesQueue(_icc.BytesQueue):
    """A queue whose messages are bytes, of any length up to a quarter of the ring. ``icc.open`` gives it."""

    def consumer(self) -> BytesConsumer:
        """A consumer of what comes from now on."""
        return BytesConsumer(self._consumer())

    def from_oldest(self) -> BytesConsumer:
        """A consumer of all that is still there, and then of what comes."""
        return BytesConsumer(self._from_oldest())

    def at(self, position: Union[Position, int]) -> BytesConsumer:
        """A consumer that goes on at a position that was noted, or with the first message from a slot on."""
        if not isinstance(position, Position):
            position = Position(self.instance, position)
        return BytesConsumer(self._at(position))

    def producer(self) -> BytesProducer:
        """A producer. Of a queue for one, a TakenError while another one lives, in whatever process."""
        return self._producer()

    def __iter__(self) -> Iterator[Union[bytes, BytesLost]]:
        return iter(self.consumer())

    def __enter__(self) -> "BytesQueue":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<icc.BytesQueue {str(self.name)!r}{', closed' if self.closed else ''}>"
