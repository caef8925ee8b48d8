import asyncio
import itertools
import pickle
import struct
import threading

import pytest

import icc
from conftest import run


def test_messages_arrive_as_they_were_sent(name):
    news = icc.create_bytes_queue(name, 64, slot_size=64)
    assert (news.capacity, news.slot_size, news.longest_message, news.max_producers) == (64, 64, 512, 1)
    consumer = icc.open(name).consumer()
    assert consumer.read() == ([], None)
    long = bytes(range(256)) * 2
    with news.producer() as producer:
        assert producer.longest_message == 512
        sent = [b"hello", b"", bytearray(b"array"), memoryview(b"0123456789")[2:8:2], long]
        assert [producer.produce(message) for message in sent] == [0, 1, 2, 3, 4]
        assert producer.next_sequence == 20
        assert producer.try_produce(b"tried") == 20
    assert consumer.lag == 21
    assert consumer.read(2) == ([b"hello", b""], None)
    assert consumer.read(0) == ([], None)
    assert consumer.read() == ([b"array", b"246", long, b"tried"], None)
    assert (consumer.received, consumer.lost, consumer.lost_slots, consumer.next_sequence) == (6, 0, 0, 21)


def test_losses_are_told_exactly_and_first(name):
    news = icc.create_bytes_queue(name, 16, slot_size=40)
    consumer, producer = news.consumer(), news.producer()
    for n in range(20):
        producer.produce(b"message %4d" % n)
    messages, lost = consumer.read(1)
    assert lost == icc.BytesLost(0, 24, 12) and (lost.first, lost.next, lost.messages, lost.slots) == (0, 24, 12, 24)
    assert messages == [b"message   12"]
    assert consumer.read() == ([b"message %4d" % n for n in range(13, 20)], None)
    assert (consumer.received, consumer.lost, consumer.lost_slots) == (8, 12, 24)
    assert repr(lost) == "BytesLost(first=0, next=24, messages=12)" and pickle.loads(pickle.dumps(lost)) == lost


def test_how_many_messages_were_lost_of_many_producers_is_not_known(name):
    news = icc.create_bytes_queue(name, 16, slot_size=40, producers=4)
    consumer, producers = news.consumer(), [news.producer(), news.producer()]
    assert (news.max_producers, news.living_producers) == (4, 2)
    for n in range(20):
        producers[n % 2].produce(b"%d" % n)
    messages, lost = consumer.read()
    assert (lost.slots, lost.messages, consumer.lost) == (20 - len(messages), None, None)
    assert messages[-1] == b"19"


def test_a_loss_behind_messages_is_told_by_the_next_read(name):
    news = icc.create_bytes_queue(name, 16, slot_size=40)
    with news.producer() as producer:
        for text in (b"first", b"a message of four slots, or 32 b", b"last"):
            producer.produce(text)
    # What a producer leaves that is killed in the middle of a message, once another one has gone on.
    with open(f"/dev/shm/{name}", "r+b") as file:
        header = file.read(512)
        slots, stride = struct.unpack_from("<Q", header, 112)[0], struct.unpack_from("<Q", header, 104)[0]
        file.seek(slots + 5 * stride)
        last = file.read(stride)
        file.seek(slots + 3 * stride)
        file.write(last + last)
    consumer = news.from_oldest()
    assert consumer.read() == ([b"first"], None)
    assert consumer.wait(0) is True
    assert consumer.read() == ([b"last"] * 3, icc.BytesLost(1, 3, 1))
    assert (consumer.received, consumer.lost) == (4, 1)


def test_starting(name):
    news = icc.create_bytes_queue(name, 16, slot_size=40, first=100)
    with news.producer() as producer:
        assert [producer.produce(text) for text in (b"one", b"two and two", b"three")] == [100, 101, 103]
    assert news.from_oldest().read()[0] == [b"one", b"two and two", b"three"]
    # The middle of a message: the next.
    assert news.at(102).read()[0] == [b"three"]
    consumer = news.from_oldest()
    consumer.read(1)
    position = consumer.position
    assert news.at(position).read()[0] == [b"two and two", b"three"]
    assert consumer.skip_to_newest() == 2 and consumer.read()[0] == [b"three"]
    with pytest.raises(icc.PositionError, match="not there yet"):
        news.at(105)


def test_waiting_and_iterating(name):
    news = icc.create_bytes_queue(name, 64)
    consumer = news.consumer()
    assert consumer.wait(0.01) is False
    sent = [b"%d" % n * n for n in range(10)]

    def produce():
        with news.producer() as producer:
            for message in sent:
                producer.produce(message)

    thread = threading.Thread(target=produce)
    thread.start()
    assert consumer.wait(60) is True
    assert list(itertools.islice(consumer, 10)) == sent
    thread.join()
    consumer.close()
    with pytest.raises(icc.ClosedError):
        consumer.read()


def test_async_for(name):
    news = icc.create_bytes_queue(name, 16, slot_size=40)

    async def main():
        consumer, producer = news.consumer(), news.producer()
        for n in range(20):
            producer.produce(b"%d" % n)
        found = []

        async def consume():
            async for item in consumer:
                found.append(item)
                if item == b"end":
                    return

        task = asyncio.create_task(consume())
        await asyncio.sleep(0.05)
        producer.produce(b"end")
        await asyncio.wait_for(task, 60)
        return found

    assert asyncio.run(main()) == [icc.BytesLost(0, 4, 4)] + [b"%d" % n for n in range(4, 20)] + [b"end"]


def test_what_cannot_be(name):
    for slot_size in (0, 32, 41, 65_544):
        with pytest.raises(icc.ArgumentError, match="multiple of 8"):
            icc.create_bytes_queue(name, 64, slot_size=slot_size)
    with pytest.raises(icc.ArgumentError, match="power of two"):
        icc.create_bytes_queue(name, 63)
    news = icc.create_bytes_queue(name, 64, slot_size=40)
    with pytest.raises(icc.ExistsError):
        icc.create_bytes_queue(name, 64)
    with pytest.raises(icc.DtypeError, match="leave it out"):
        icc.open(name, "<u8")
    producer = news.producer()
    with pytest.raises(icc.TakenError):
        news.producer()
    with pytest.raises(icc.ArgumentError, match="longer than the longest of 128"):
        producer.produce(bytes(129))
    for message in ("text", 7, None, [1, 2]):
        with pytest.raises(TypeError):
            producer.produce(message)
    assert news.produced == 0 and icc.inspect(name)["kind"] == "bytes"
    for handle in (news, news.consumer(), producer):
        with pytest.raises(icc.ArgumentError, match="pass the buffer's name"):
            pickle.dumps(handle)


def test_another_process(name):
    news = icc.create_bytes_queue(name, 1 << 16, slot_size=64, producers=2)
    consumer = news.consumer()
    program = """
import icc, sys
with icc.open(sys.argv[1]).producer() as producer:
    for n in range(10_000):
        producer.produce(b"%d" % n * (n % 20))
"""
    thread = threading.Thread(target=run, args=(program, name))
    thread.start()
    found = list(itertools.islice(consumer, 10_000))
    thread.join()
    assert found == [b"%d" % n * (n % 20) for n in range(10_000)]
