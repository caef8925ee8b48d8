"""Vectors, with dtypes, keys and iteration over what the native part does."""

from __future__ import annotations

import json
from typing import Any, AsyncIterator, Callable, Iterable, Iterator, Optional, Tuple, Union

import numpy as np

from . import _icc
from ._errors import SlotError
from ._icc import Writer
from ._wait import ready


class Changes:
    """A cursor over what changes in a vector. Iterating gives ``(slots, values, versions)``, and waits."""

    poll: Callable[[], Tuple[np.ndarray, np.ndarray, np.ndarray]]
    wait: Callable[..., bool]
    interrupt: Callable[[], None]
    close: Callable[[], None]

    def __init__(self, native: _icc.Changes) -> None:
        self._native = native
        for name in ("poll", "wait", "interrupt", "close"):
            setattr(self, name, getattr(native, name))

    @property
    def closed(self) -> bool:
        return self._native.closed

    def __iter__(self) -> Iterator[Tuple[np.ndarray, np.ndarray, np.ndarray]]:
        while True:
            self.wait()
            changed = self.poll()
            if len(changed[0]):
                yield changed

    async def __aiter__(self) -> AsyncIterator[Tuple[np.ndarray, np.ndarray, np.ndarray]]:
        while True:
            await ready(self._native)
            changed = self.poll()
            if len(changed[0]):
                yield changed

    def __enter__(self) -> "Changes":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return self._native.__reduce__()


class Vector(_icc.Vector):
    """A vector: a table of latest values, one slot a key. ``icc.open`` gives it."""

    def slot(self, key: Union[int, str]) -> int:
        """The slot of a key, or of a number, which counts from the end if it is negative."""
        if isinstance(key, str):
            return self._find(key)
        index = int(key)
        found = index + len(self) if index < 0 else index
        if not 0 <= found < len(self):
            raise SlotError(f"there is no slot {index}: the vector has {len(self)}")
        return found

    def read(self, key: Union[int, str]) -> Any:
        """The newest whole value of a slot."""
        return self._read(self.slot(key))[0]

    __getitem__ = read

    def read_versioned(self, key: Union[int, str]) -> Tuple[Any, int]:
        """The newest whole value of a slot, and its version: 0 if it was never written, 2 more with each write."""
        return self._read(self.slot(key))

    def snapshot(self, keys: Iterable[Union[int, str]]) -> np.ndarray:
        """The values of several slots as they were at one moment: no write to any of them crossed it."""
        return self._snapshot([self.slot(key) for key in keys])[0]

    def writer(self, slots: Optional[range] = None) -> Writer:
        """A writer of all slots or, of a vector with one writer a slot, of those of a ``range`` of step 1."""
        if slots is None:
            return self._writer()
        if slots.step != 1:
            raise SlotError(f"{slots} has a step of {slots.step}: a writer has slots one after the other")
        return self._writer((slots.start, slots.stop))

    def changes(self, *, all: bool = True) -> Changes:
        """A cursor over what changes: first all slots that were ever written or, without `all`, none of these."""
        return Changes(self._changes(all=all))

    @property
    def schema(self) -> Optional[Any]:
        """What the fields are, as JSON has it, with units, enums, scales and doc; None if the header has none."""
        return None if self._schema_text is None else json.loads(self._schema_text)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.read_all())

    def __enter__(self) -> "Vector":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<icc.Vector {str(self.name)!r}, {len(self)} slots{', closed' if self.closed else ''}>"
