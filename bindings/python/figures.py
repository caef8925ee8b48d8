"""What reading costs from Python: messages of 56 bytes from a full ring, and a table of 1,000 slots beside Rust.

    ICC_PEER=../../target/release/icc-peer python figures.py
"""

import os
import subprocess
import time

import numpy as np

import icc

ROW = [("n", "<u8"), ("words", "<u8", 5), ("sum", "<u8")]


def best(rounds, act):
    """The shortest of several runs, in seconds."""
    shortest = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        act()
        shortest = min(shortest, time.perf_counter() - begin)
    return shortest


def queue(name, capacity):
    feed = icc.create_queue(name, ROW, capacity)
    room = np.zeros(capacity, ROW)
    with feed.producer() as producer:
        producer.produce(room)

        def read():
            messages, lost = feed.from_oldest().read(capacity)
            assert len(messages) == capacity and lost is None

        def read_into():
            assert feed.from_oldest().read_into(room) == (capacity, None)

        one = np.zeros(1, ROW)
        single = feed.consumer()

        def one_by_one():
            producer.produce(one)
            assert len(single.read(1)[0]) == 1

        for what, act in [("read", read), ("read_into", read_into)]:
            seconds = best(20, act)
            print(f"{what:10} {capacity:7,} messages: {capacity / seconds / 1e6:6.1f} million a second")
        print(f"produce and read one: {best(2000, one_by_one) * 1e6:.2f} microseconds")
    icc.remove(name)


def table(name, peer):
    table = icc.create_vector(name, ROW, 1000)
    rows = np.zeros(1000, ROW)
    with table.writer() as writer:
        writer.write_all(rows)
        rust = [int(subprocess.run([peer, "figures", name], capture_output=True, text=True, check=True).stdout)]
        read_all = best(2000, table.read_all)
        read_all_into = best(2000, lambda: table.read_all_into(rows))
        rust.append(int(subprocess.run([peer, "figures", name], capture_output=True, text=True, check=True).stdout))
    rust = min(rust) / 1e9
    for what, seconds in [("read_all", read_all), ("read_all_into", read_all_into)]:
        print(f"{what:13} of 1,000 slots: {seconds * 1e6:.2f} us, {seconds / rust:.2f} times Rust's {rust * 1e6:.2f}")
    icc.remove(name)


if __name__ == "__main__":
    for capacity in (1 << 10, 1 << 14, 1 << 18):
        queue(f"icc-figures-{os.getpid()}", capacity)
    table(f"icc-figures-{os.getpid()}", os.environ["ICC_PEER"])
