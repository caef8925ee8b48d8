"""Other processes: made by fork, by spawn, and in Rust at full speed."""

import multiprocessing
import os
import pickle

import numpy as np
import pytest

import icc
from conftest import ROW


def send(name, count):
    with icc.open(name).producer() as producer:
        for n in range(count):
            producer.produce(n)


@pytest.mark.parametrize("how", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_that_opens_by_name(name, how):
    consumer = icc.create_queue(name, "<u8", 1024).consumer()
    child = multiprocessing.get_context(how).Process(target=send, args=(name, 100))
    child.start()
    found = []
    while len(found) < 100 and consumer.wait(60):
        found += consumer.read()[0].tolist()
    child.join()
    assert found == list(range(100)) and child.exitcode == 0


def in_fork(act):
    """What `act` returns or raises in a child made by fork."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            try:
                told = act()
            except Exception as error:
                told = (type(error).__name__, str(error))
            os.write(write, pickle.dumps(told))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    return told


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_handles_in_a_forked_child(name):
    feed = icc.create_queue(name, "<u8", 8)
    consumer, producer = feed.consumer(), feed.producer()
    table = icc.create_vector(name + "-v", "<u8", 2)
    changes, writer = table.changes(), table.writer()
    try:
        acts = [
            lambda: producer.produce(1),
            lambda: producer.try_produce(1),
            lambda: producer.produce(np.zeros(2, "<u8")),
            consumer.read,
            consumer.wait,
            feed.consumer,
            lambda: writer.write(0, 1),
            lambda: table[0],
            changes.poll,
        ]
        for act in acts:
            kind, text = in_fork(act)
            assert kind == "ForkedError" and str(os.getpid()) in text and "open another" in text

        def closes():
            for handle in [feed, consumer, producer, table, changes, writer]:
                handle.close()
            return icc.open(name).consumer().read()[0].tolist()

        assert in_fork(closes) == []
        # The parent's stay its own.
        assert (producer.produce(1), writer.write(0, 1), consumer.read()[0].tolist()) == (0, 2, [1])
    finally:
        icc.remove(name + "-v")


def check(rows):
    """Whether every row is whole."""
    expected = rows["n"][:, None] * np.uint64(1_000_003) + np.arange(5, dtype="<u8")
    return (rows["words"] == expected).all() and (rows["sum"] == rows["n"] + expected.sum(axis=1, dtype="<u8")).all()


@pytest.mark.parametrize("producers", [1, 2])
def test_rust_at_full_speed_into_numpy(name, peer, producers):
    """Every row whole, every loss told, in order."""
    count = int(os.environ.get("ICC_ROWS", 2_000_000))
    rust = peer("feed", name, 1 << 14, count, producers)
    consumer = icc.open(name).consumer()
    assert consumer.dtype == np.dtype(ROW)
    rust.begin()
    next_one, received, missed = 0, 0, 0
    while next_one < count:
        assert consumer.wait(60)
        rows, lost = consumer.read()
        if lost is not None:
            assert lost.first == next_one
            next_one, missed = lost.next, missed + lost.count
        assert check(rows)
        if producers == 1:
            assert (rows["n"] == np.arange(next_one, next_one + len(rows), dtype="<u8")).all()
        next_one, received = next_one + len(rows), received + len(rows)
    assert received + missed == count and (received, missed) == (consumer.received, consumer.lost) and received > 0
    assert rust.end() == f"sent {count}"


def test_numpy_at_full_speed_into_rust(name, peer):
    count, batch = 500_000, 1000
    feed = icc.create_queue(name, ROW, 1 << 14)
    rust = peer("check", name, count)
    rows = np.zeros(batch, ROW)
    with feed.producer() as producer:
        for first in range(0, count, batch):
            rows["n"] = np.arange(first, first + batch)
            rows["words"] = rows["n"][:, None] * np.uint64(1_000_003) + np.arange(5, dtype="<u8")
            rows["sum"] = rows["n"] + rows["words"].sum(axis=1, dtype="<u8")
            producer.produce(rows)
    received, lost = (int(word) for word in rust.end().split()[1::2])
    assert received + lost == count and received > 0


def test_a_vector_that_rust_writes_at_full_speed(name, peer):
    writes = 1_000_000
    rust = peer("table", name, 100, writes)
    table = icc.open(name)
    rust.begin()
    looks, most = 0, 0
    while most < writes:
        rows = table.read_all()
        assert check(rows)
        looks, most = looks + 1, int(rows["n"].max())
    assert looks > 0 and rust.end() == f"wrote {writes}"


def test_a_vector_that_python_writes_at_full_speed(name, peer):
    table = icc.create_vector(name, ROW, 10)
    rows = np.zeros(10, ROW)

    def fill(n):
        rows["n"] = n
        rows["words"] = rows["n"][:, None] * np.uint64(1_000_003) + np.arange(5, dtype="<u8")
        rows["sum"] = rows["n"] + rows["words"].sum(axis=1, dtype="<u8")

    with table.writer() as writer:
        fill(0)
        writer.write_all(rows)
        rust = peer("slots", name)
        for n in range(1, 5000):
            fill(n)
            writer.write_all(rows)
        fill(0)
        writer.write_all(rows)
    assert rust.end().startswith("looked ")
