"""Inter-core communication in shared memory: broadcast queues and tables of latest values, as NumPy arrays.

>>> import icc
>>> feed = icc.create_queue("quotes", [("bid", "<f8"), ("ask", "<f8")], 1024)
>>> consumer = icc.open("quotes").consumer()
>>> with feed.producer() as producer:
...     producer.produce((99.5, 100.0))
0
>>> messages, lost = consumer.read()
>>> messages["bid"]
array([99.5])
>>> icc.remove("quotes")

>>> news = icc.create_bytes_queue("news", 1024)
>>> consumer = news.consumer()
>>> with news.producer() as producer:
...     producer.produce(b"a headline of any length")
0
>>> consumer.read()
([b'a headline of any length'], None)
>>> icc.remove("news")

Messages and values are copied, checked, into arrays of their own memory: never a view of what others
write. Producers know nothing of consumers; one that is too slow is told which messages it lost. Waiting
releases the interpreter's lock, and sleeps in the kernel if the buffer is wakeable.
"""

from __future__ import annotations

import os
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np

from . import _icc
from ._dtype import align_of, dtype_of_text, schema_of
from ._errors import (
    ArgumentError,
    BusyError,
    ClosedError,
    DtypeError,
    Error,
    ExistsError,
    ForkedError,
    NotFoundError,
    OtherError,
    PositionError,
    SlotError,
    SystemRefusedError,
    TakenError,
)
from ._bytes import BytesConsumer, BytesQueue
from ._icc import BytesLost, BytesProducer, Lost, Position, Producer, Writer, inspect, remove
from ._queue import Consumer, Queue
from ._vector import Changes, Vector

__all__ = [
    "ArgumentError", "BusyError", "BytesConsumer", "BytesLost", "BytesProducer", "BytesQueue", "Changes", "ClosedError",
    "Consumer", "DtypeError", "Error", "ExistsError", "ForkedError", "Lost", "NotFoundError", "OtherError", "Position",
    "PositionError", "Producer", "Queue", "SlotError", "SystemRefusedError", "TakenError", "Vector", "Writer",
    "create_bytes_queue", "create_queue", "create_vector", "inspect", "open", "remove",
]  # fmt: skip

_Name = Union[str, "os.PathLike[str]"]


def open(name: _Name, dtype: Any = None) -> Union[Queue, BytesQueue, Vector]:
    """Opens the queue, queue of bytes or vector of this name: a file in /dev/shm, or with a slash a path.

    The memory is mapped read-only, and no producer notices. The dtype is the one that the header
    describes; without a schema there, give it. One that is given and differs is a DtypeError. The messages
    of a queue of bytes have none.
    """
    header = inspect(name)
    if header["kind"] == "bytes":
        if dtype is not None:
            raise DtypeError(f"{header['path']}: a queue of bytes, whose messages have no dtype: leave it out")
        return BytesQueue(name)
    kinds: Mapping[str, type[Union[Queue, Vector]]] = {"queue": Queue, "vector": Vector}
    kind = kinds.get(header["kind"])
    if kind is None:
        raise OtherError(f"{header['path']}: a buffer of kind `{header['kind']}`, not a queue or a vector: check the name")
    wanted = None if dtype is None else np.dtype(dtype)
    if header["schema"] is None:
        if wanted is None:
            text = f"{header['path']}: its header does not describe `{header['type_name']}`, {header['size']} bytes: give a dtype"
            raise DtypeError(text)
        return kind(name, wanted)
    found = dtype_of_text(header["schema"], header["size"])
    if wanted is not None and wanted != found:
        raise DtypeError(f"{header['path']}: it holds {found}, not {wanted}: leave the dtype out, or use that one")
    return kind(name, found)


def _asked(
    dtype: np.dtype,
    notes: Mapping[str, Any],
    type_name: Optional[str],
    described: bool,
    wakeable: bool,
    mode: int,
    readers_mode: int,
) -> Mapping[str, Any]:
    if dtype.hasobject:
        raise DtypeError(f"dtype {dtype} holds Python objects, which mean nothing in another process")
    return {
        "type_name": type_name or str(dtype),
        "size": dtype.itemsize,
        "align": align_of(dtype),
        "schema": schema_of(dtype, notes) if described else None,
        "wakeable": wakeable,
        "mode": mode,
        "readers_mode": readers_mode,
    }


def create_queue(
    name: _Name,
    dtype: Any,
    capacity: int,
    *,
    producers: int = 1,
    first: int = 0,
    wakeable: bool = True,
    seen: bool = False,
    gaps: bool = False,
    units: Optional[Mapping[str, str]] = None,
    doc: Optional[Mapping[str, str]] = None,
    enums: Optional[Mapping[str, Mapping[str, str]]] = None,
    scales: Optional[Mapping[str, int]] = None,
    type_name: Optional[str] = None,
    described: bool = True,
    mode: int = 0o600,
    readers_mode: int = 0o600,
) -> Queue:
    """Creates a queue that keeps the last `capacity` messages, a power of two, and opens it.

    It stays until ``icc.remove``. With `producers` 1 one at a time may produce, which is the cheapest;
    with more, so many. The dtype goes into the header, with `units`, `doc`, `enums` and `scales` if given;
    `described=False` leaves it out, for programs that know a Rust `type_name` alone.
    """
    dtype = np.dtype(dtype)
    notes = {"enums": enums, "scales": scales, "units": units, "doc": doc}
    asked = _asked(dtype, notes, type_name, described, wakeable, mode, readers_mode)
    most = None if producers == 1 else producers
    _icc.create_queue(name, asked, capacity, most, first, seen, gaps)
    return Queue(name, dtype)


def create_bytes_queue(
    name: _Name,
    capacity: int,
    *,
    slot_size: int = 256,
    producers: int = 1,
    first: int = 0,
    wakeable: bool = True,
    seen: bool = False,
    mode: int = 0o600,
    readers_mode: int = 0o600,
) -> BytesQueue:
    """Creates a queue of messages of any length, which are bytes, and opens it.

    It keeps the last `capacity` slots, a power of two, of `slot_size` bytes, of which 32 are no message's. A
    message takes as many slots as it needs, up to a quarter of the ring: choose `slot_size` for most messages to
    fit one. All else is as of ``create_queue``.
    """
    asked = {
        "capacity": capacity,
        "slot_size": slot_size,
        "max_producers": None if producers == 1 else producers,
        "first": first,
        "wakeable": wakeable,
        "seen": seen,
        "mode": mode,
        "readers_mode": readers_mode,
    }
    _icc.create_bytes_queue(name, asked)
    return BytesQueue(name)


def create_vector(
    name: _Name,
    dtype: Any,
    len: int,
    *,
    single_writer: bool = False,
    tracked: bool = False,
    wakeable: bool = True,
    keys: Optional[Sequence[str]] = None,
    units: Optional[Mapping[str, str]] = None,
    doc: Optional[Mapping[str, str]] = None,
    enums: Optional[Mapping[str, Mapping[str, str]]] = None,
    scales: Optional[Mapping[str, int]] = None,
    type_name: Optional[str] = None,
    described: bool = True,
    mode: int = 0o600,
    readers_mode: int = 0o600,
) -> Vector:
    """Creates a vector of `len` slots, and opens it.

    It stays until ``icc.remove``. With `single_writer` each slot has one writer at a time, which is cheaper;
    with `tracked` changes are counted, so that ``changes`` is quick on a large one. `keys` are the slots'
    names. All else is as of ``create_queue``.
    """
    dtype = np.dtype(dtype)
    notes = {"enums": enums, "scales": scales, "units": units, "doc": doc}
    asked = _asked(dtype, notes, type_name, described, wakeable, mode, readers_mode)
    _icc.create_vector(name, asked, len, single_writer, tracked, None if keys is None else list(keys))
    return Vector(name, dtype)
