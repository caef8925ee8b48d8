import itertools

import numpy as np
import pytest

import icc


def test_values_are_the_newest(name):
    table = icc.create_vector(name, [("price", "<f8"), ("size", "<u8")], 4, keys=["a", "b", "c", "d"])
    opened = icc.open(name)
    assert (len(opened), opened.keys, opened.read_versioned(2)[1]) == (4, ["a", "b", "c", "d"], 0)
    with table.writer() as writer:
        assert writer.range == (0, 4)
        assert writer.write(1, (1.5, 3)) == 2
        assert writer.write(1, (2.5, 4)) == 4
        writer.write_all(np.array([(9.0, 9)] * 2, table.dtype), first=2)
    assert opened["b"].item() == opened[1].item() == opened[-3].item() == (2.5, 4)
    assert (opened.version(1), opened.read_versioned("b")[1]) == (4, 4)
    assert opened.read_all()["price"].tolist() == [0, 2.5, 9, 9] == [value["price"] for value in opened]
    assert opened.snapshot(["d", 0, -3])["size"].tolist() == [9, 0, 4]
    room = np.zeros(4, opened.dtype)
    opened.read_all_into(room)
    assert (room == opened.read_all()).all()


@pytest.mark.parametrize("single_writer", [False, True])
@pytest.mark.parametrize("tracked", [False, True])
def test_changes(name, single_writer, tracked):
    table = icc.create_vector(name, "<u8", 100, single_writer=single_writer, tracked=tracked)
    assert table.tracked == tracked
    writer = table.writer()
    writer.write(7, 70)
    changes, later = table.changes(), table.changes(all=False)
    slots, values, versions = changes.poll()
    assert (slots.tolist(), values.tolist(), versions.tolist()) == ([7], [70], [2])
    assert not changes.wait(0) and len(changes.poll()[0]) == 0 and len(later.poll()[0]) == 0
    writer.write(99, 1)
    writer.write(3, 2)
    writer.write(3, 4)
    assert changes.wait(10)
    (slots, values, versions) = next(iter(changes))
    assert (slots.tolist(), values.tolist(), versions.tolist()) == ([3, 99], [4, 1], [4, 2])
    assert later.poll()[0].tolist() == [3, 99]


def test_slots_have_one_writer(name):
    table = icc.create_vector(name, "<u8", 10, single_writer=True)
    writer = table.writer(range(2, 5))
    assert writer.range == (2, 5)
    with pytest.raises(icc.TakenError, match=r"2\.\.5"):
        table.writer()
    with pytest.raises(icc.SlotError, match=r"2\.\.5"):
        writer.write(5, 1)
    other = table.writer(range(5, 10))
    assert (writer.write(2, 1), other.write(9, 1)) == (2, 2)
    for wrong in [range(8, 11), range(3, 3), range(0, 4, 2)]:
        with pytest.raises(icc.SlotError):
            table.writer(wrong)


def test_what_is_no_slot(name):
    table = icc.create_vector(name, "<u8", 3, keys=["a", "b", "c"])
    for act in [lambda: table[3], lambda: table[-4], lambda: table["d"], lambda: table.version(3), lambda: table.snapshot([1, 3])]:
        with pytest.raises(icc.SlotError):
            act()
    for wrong in [np.zeros(2, "<u8"), np.zeros(4, "<u8")]:
        with pytest.raises(icc.ArgumentError, match="3 slots"):
            table.read_all_into(wrong)
    with pytest.raises(icc.ArgumentError, match="2 values"):
        table.writer().write(0, np.zeros(2, "<u8"))


def test_a_value_that_is_an_array(name):
    table = icc.create_vector(name, ("<f4", (2, 2)), 3)
    table.writer().write(1, [[1, 2], [3, 4]])
    assert table[1].tolist() == [[1, 2], [3, 4]] and table.read_all().shape == (3, 2, 2)
    assert icc.open(name).dtype == np.dtype(("<f4", (2, 2)))


def test_following_changes(name):
    table = icc.create_vector(name, "<u8", 3)
    writer, changes = table.writer(), table.changes()
    writer.write(0, 1)
    found = []
    for slots, _, _ in itertools.islice(changes, 1):
        found += slots.tolist()
    assert found == [0]
