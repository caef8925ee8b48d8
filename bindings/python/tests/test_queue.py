import itertools
import pickle

import numpy as np
import pytest

import icc

QUOTE = [("bid", "<f8"), ("ask", "<f8")]


def quotes(count, first=0):
    made = np.zeros(count, QUOTE)
    made["bid"] = np.arange(first, first + count)
    made["ask"] = made["bid"] + 0.5
    return made


def test_messages_arrive_as_they_were_sent(name):
    feed = icc.create_queue(name, QUOTE, 8)
    consumer = icc.open(name).consumer()
    empty, lost = consumer.read()
    assert (len(empty), lost, empty.dtype) == (0, None, np.dtype(QUOTE))
    with feed.producer() as producer:
        assert producer.produce((1.0, 2.0)) == 0
        assert producer.produce(quotes(1)[0]) == 1
        assert producer.produce(quotes(3)) == 2
        assert producer.produce(quotes(0)) == 5
        assert producer.next_sequence == 5
    messages, lost = consumer.read()
    assert lost is None and messages[0].item() == (1.0, 2.0)
    assert (messages[1:] == np.concatenate([quotes(1), quotes(3)])).all()
    assert (consumer.received, consumer.lost, consumer.next_sequence, consumer.lag, consumer.headroom) == (5, 0, 5, 0, 8)


def test_what_is_read_is_a_copy(name):
    feed = icc.create_queue(name, "<u8", 2)
    consumer, producer = feed.consumer(), feed.producer()
    producer.produce(7)
    messages, _ = consumer.read()
    producer.produce(np.array([8, 9, 10], "<u8")[:2])
    assert messages.tolist() == [7] and messages.flags.owndata | (messages.base is not None)
    messages[0] = 1
    assert feed.tail(2).tolist() == [8, 9]


def test_losses_are_told_exactly_and_first(name):
    feed = icc.create_queue(name, "<u8", 8)
    consumer, producer = feed.consumer(), feed.producer()
    for n in range(20):
        producer.produce(n)
    messages, lost = consumer.read()
    assert lost == icc.Lost(0, 12) and (lost.first, lost.next, lost.count, len(lost)) == (0, 12, 12, 12)
    assert messages.tolist() == list(range(12, 20))
    assert (consumer.received, consumer.lost) == (8, 12)
    assert repr(lost) == "Lost(first=0, next=12)" and pickle.loads(pickle.dumps(lost)) == lost


def test_reading_into_an_array(name):
    feed = icc.create_queue(name, QUOTE, 16)
    consumer, producer = feed.consumer(), feed.producer()
    room = np.zeros(4, QUOTE)
    assert consumer.read_into(room) == (0, None)
    producer.produce(quotes(6))
    assert consumer.read_into(room) == (4, None) and (room == quotes(4)).all()
    assert consumer.read_into(room[1:]) == (2, None)
    assert room["bid"].tolist() == [0, 4, 5, 3]
    assert consumer.read_into(room[:0]) == (0, None)
    assert consumer.read(0)[0].tolist() == []


def test_starting(name):
    feed = icc.create_queue(name, "<u8", 8, first=100)
    producer = feed.producer()
    assert feed.from_oldest().next_sequence == 100
    for n in range(100, 120):
        assert producer.produce(n) == n
    assert feed.consumer().next_sequence == 120
    assert feed.from_oldest().read()[0].tolist() == list(range(112, 120))
    assert feed.tail(3).tolist() == [117, 118, 119] and len(feed.tail(100)) == 8 and len(feed.tail(0)) == 0
    consumer = feed.at(115)
    assert consumer.read(2)[0].tolist() == [115, 116]
    position = pickle.loads(pickle.dumps(consumer.position))
    assert position == icc.Position(feed.instance, 117) and hash(position) == hash(consumer.position)
    assert icc.open(name).at(position).read()[0].tolist() == [117, 118, 119]
    assert feed.at(116).skip_to_newest() == 3


def test_many_producers(name):
    feed = icc.create_queue(name, "<u8", 8, producers=2)
    one, other = feed.producer(), feed.producer()
    assert (feed.max_producers, feed.living_producers) == (2, 2)
    with pytest.raises(icc.TakenError, match="2 producers"):
        feed.producer()
    assert [one.produce(1), other.produce(2), one.try_produce(3)] == [0, 1, 2]
    other.close()
    assert feed.producer().produce(np.arange(2, dtype="<u8")) == 3
    assert feed.from_oldest().read()[0].tolist() == [1, 2, 3, 0, 1]


def test_numbers_left_out(name):
    feed = icc.create_queue(name, "<u8", 8, gaps=True)
    consumer, producer = feed.consumer(), feed.producer()
    producer.produce_at(5, 50)
    assert consumer.wait(10)
    messages, lost = consumer.read()
    assert (messages.tolist(), lost) == ([50], icc.Lost(0, 5))
    with pytest.raises(icc.ArgumentError, match="3"):
        producer.produce_at(3, 30)


def test_iterating(name):
    feed = icc.create_queue(name, "<u8", 4)
    consumer, producer = feed.consumer(), feed.producer()
    for n in range(6):
        producer.produce(n)
    assert list(itertools.islice(consumer, 5)) == [icc.Lost(0, 2), 2, 3, 4, 5]
    producer.produce(6)
    assert [batch.tolist() for batch in itertools.islice(consumer.batches(), 1)] == [[6]]


def test_the_header_describes_the_dtype(name):
    dtype = np.dtype(
        {
            "names": ["at", "name", "side", "sizes", "leg", "raw"],
            "formats": ["<M8[ns]", "S6", "u1", ("<u4", (2, 3)), [("x", "<f4"), ("y", "<i2")], "V3"],
            "offsets": [0, 8, 14, 16, 40, 48],
            "itemsize": 56,
        }
    )
    notes = dict(units={"sizes": "lots"}, doc={"": "A trade."}, enums={"side": {"1": "Buy", "2": "Sell"}})
    feed = icc.create_queue(name, dtype, 8, **notes)
    opened = icc.open(name)
    assert opened.dtype == dtype
    assert opened.schema["enums"] == {"side": {"1": "Buy", "2": "Sell"}} and opened.schema["units"] == {"sizes": "lots"}
    trade = np.zeros(1, dtype)
    trade["at"], trade["name"], trade["sizes"], trade["raw"] = "2026-01-02T03:04:05", b"EURUSD", 7, b"abc"
    feed.producer().produce(trade)
    assert opened.from_oldest().read()[0].tobytes() == trade.tobytes()
    header = icc.inspect(name)
    assert (header["kind"], header["size"], header["align"], header["len"]) == ("queue", 56, 8, 8)


def test_without_a_schema_the_dtype_is_given(name):
    icc.create_queue(name, "<u8", 8, described=False, type_name="u64").producer().produce(7)
    assert icc.inspect(name)["type_name"] == "u64"
    with pytest.raises(icc.DtypeError, match="`u64`, 8 bytes"):
        icc.open(name)
    with pytest.raises(icc.DtypeError, match="4 bytes, and the buffer's payloads have 8"):
        icc.open(name, "<u4")
    assert icc.open(name, "<u8").from_oldest().read()[0].tolist() == [7]


def test_alignments_are_those_of_c(name):
    from icc._dtype import align_of

    for fields, align in [("u1", 1), ("<f8", 8), (QUOTE, 8), ([("a", "<u4"), ("b", "<f8")], 1), (("<u4", (3,)), 4)]:
        assert align_of(np.dtype(fields)) == align
    assert align_of(np.dtype([("a", "<u4"), ("b", "<f8")], align=True)) == 8
