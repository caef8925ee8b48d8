"""Bad input: an exception that says what was found and expected, and nothing lost."""

import pickle

import numpy as np
import pytest

import icc


@pytest.fixture
def feed(name):
    return icc.create_queue(name, [("a", "<u8"), ("b", "<f8")], 8)


def raises(kind, text, act):
    with pytest.raises(kind, match=text) as raised:
        act()
    assert isinstance(raised.value, icc.Error)


def test_exceptions_are_those_that_python_knows_too(name):
    for act, kind in [
        (lambda: icc.open(name), FileNotFoundError),
        (lambda: icc.remove(name), FileNotFoundError),
        (lambda: icc.create_queue(name, "<u8", 3), ValueError),
        (lambda: icc.create_queue(name, "O", 4), TypeError),
    ]:
        raises(kind, ".", act)
    icc.create_queue(name, "<u8", 4)
    raises(FileExistsError, name, lambda: icc.create_queue(name, "<u8", 4))


def test_dtypes_of_another_size_or_layout(feed, name):
    producer, consumer = feed.producer(), feed.consumer()
    swapped = np.dtype([("b", "<f8"), ("a", "<u8")])
    for other in ["<u8", "V16", swapped, [("a", "<u8"), ("c", "<f8")], [("a", "<u8"), ("b", "<u8")]]:
        raises(icc.DtypeError, "dtype", lambda: producer.produce(np.zeros(1, other)))
        raises(icc.DtypeError, "dtype", lambda: consumer.read_into(np.zeros(1, other)))
        raises(icc.DtypeError, "not", lambda: icc.open(name, other))
    with pytest.raises((TypeError, ValueError)):
        producer.produce("no number")
    assert feed.produced == 0
    raises(icc.DtypeError, "big-endian", lambda: icc.create_queue(name + "x", ">u8", 8))
    raises(icc.DtypeError, "S4", lambda: icc.create_queue(name + "x", "U4", 8))


def test_arrays_that_are_not_contiguous_or_not_to_be_written(feed):
    producer, consumer = feed.producer(), feed.consumer()
    producer.produce(np.zeros(3, feed.dtype))
    raises(icc.ArgumentError, "contiguous", lambda: producer.produce(np.zeros(8, feed.dtype)[::2]))
    raises(icc.ArgumentError, "contiguous", lambda: consumer.read_into(np.zeros(8, feed.dtype)[::2]))
    constant = np.zeros(4, feed.dtype)
    constant.flags.writeable = False
    raises(icc.ArgumentError, "read-only", lambda: consumer.read_into(constant))
    with pytest.raises(TypeError):
        consumer.read_into([1, 2])
    # Nothing was lost by all this.
    assert len(consumer.read()[0]) == 3 and consumer.lost == 0


def test_batches_longer_than_the_ring(feed):
    producer = feed.producer()
    raises(icc.ArgumentError, "9", lambda: producer.produce(np.zeros(9, feed.dtype)))
    raises(icc.ArgumentError, "2 messages", lambda: producer.try_produce(np.zeros(2, feed.dtype)))
    raises(icc.ArgumentError, "gaps", lambda: producer.produce_at(5, (1, 2)))
    assert feed.produced == 0


def test_closed_handles(name):
    feed = icc.create_queue(name, "<u8", 8)
    consumer, producer = feed.consumer(), feed.producer()
    with consumer, feed:
        pass
    producer.close()
    producer.close()
    assert consumer.closed and producer.closed and feed.closed
    for act in [consumer.read, consumer.wait, lambda: consumer.lag, lambda: producer.produce(1), feed.consumer, feed.producer]:
        raises(icc.ClosedError, "is closed", act)
    raises(icc.ClosedError, "queue is closed", lambda: feed.capacity)
    repr(feed), repr(consumer), repr(producer)


def test_names_that_are_no_buffers(name, tmp_path):
    raises(icc.NotFoundError, "start its creator", lambda: icc.open(name))
    text = tmp_path / "text"
    text.write_text("hello")
    raises(icc.OtherError, "text", lambda: icc.open(text))
    text.write_bytes(bytes(4096))
    raises(icc.OtherError, "text", lambda: icc.open(text))
    with pytest.raises(icc.Error):
        icc.open(tmp_path)
    with pytest.raises(icc.Error):
        icc.open(name + ".readers")
    for wrong in ["", "a\0b"]:
        with pytest.raises((icc.Error, ValueError)):
            icc.open(wrong)


def test_damaged_headers(name):
    icc.create_queue(name, [("a", "<u8")], 8)
    path = f"/dev/shm/{name}"
    with open(path, "rb") as file:
        sound = file.read()
    for offset in range(0, len(sound), 4):
        for value in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"]}{["):
            with open(path, "r+b") as file:
                file.write(sound[:offset] + value + sound[offset + 4 :])
            try:
                icc.open(name).from_oldest().read()
            except (icc.Error, TypeError, ValueError):
                pass
    with open(path, "r+b") as file:
        file.write(sound)
    assert len(icc.open(name).from_oldest().read()[0]) == 0


def test_handles_do_not_go_to_other_processes_as_they_are(name):
    feed = icc.create_queue(name, "<u8", 8)
    table = icc.create_vector(name + "-v", "<u8", 8)
    try:
        for handle in [feed, feed.consumer(), feed.producer(), table, table.changes(), table.writer()]:
            raises(icc.ArgumentError, "pass the buffer's name", lambda: pickle.dumps(handle))
    finally:
        icc.remove(name + "-v")


def test_timeouts(name):
    consumer = icc.create_queue(name, "<u8", 8).consumer()
    for wrong in [-1, float("nan"), float("-inf")]:
        raises(icc.ArgumentError, "timeout", lambda: consumer.wait(wrong))
    assert consumer.wait(0) is False and consumer.wait(0.01) is False
