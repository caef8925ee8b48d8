"""Threads: waiting leaves the interpreter to others, and closing ends it."""

import os
import signal
import sys
import threading
import time

import numpy as np
import pytest

import icc
from conftest import run


def within(seconds, act):
    """Runs in a thread, and gives what it returned or raised."""
    told = []

    def go():
        try:
            told.append(act())
        except Exception as error:
            told.append(error)

    thread = threading.Thread(target=go)
    thread.start()

    def end():
        thread.join(seconds)
        assert not thread.is_alive()
        return told[0]

    return end


@pytest.mark.parametrize("wakeable", [True, False])
def test_a_second_thread_counts_while_one_waits(name, wakeable):
    feed = icc.create_queue(name, "<u8", 8, wakeable=wakeable)
    consumer, producer = feed.consumer(), feed.producer()
    end = within(60, lambda: (consumer.wait(), consumer.read()[0].tolist()))
    count, deadline = 0, time.monotonic() + 0.3
    while time.monotonic() < deadline:
        count += 1
    # With the lock held by the one that waits, it would be none.
    assert count > 10_000
    producer.produce(7)
    assert end() == (True, [7])


def test_big_copies_leave_the_interpreter_to_others(name):
    feed = icc.create_queue(name, ("u1", 1 << 20), 64)
    feed.producer().produce(np.zeros((64, 1 << 20), "u1"))
    longest, last, stop = 0.0, time.perf_counter(), threading.Event()

    def read():
        for _ in range(10):
            assert len(feed.from_oldest().read()[0]) == 64
        stop.set()

    thread = threading.Thread(target=read)
    thread.start()
    steps = 0
    while not stop.is_set():
        steps += 1
    thread.join()
    assert steps > 1000


def test_closing_ends_a_wait_of_another_thread(name):
    consumer = icc.create_queue(name, "<u8", 8).consumer()
    end = within(60, consumer.wait)
    time.sleep(0.1)
    consumer.close()
    assert isinstance(end(), icc.ClosedError)
    table = icc.create_vector(name + "-v", "<u8", 8)
    try:
        changes = table.changes()
        end = within(60, changes.wait)
        time.sleep(0.1)
        changes.close()
        assert isinstance(end(), icc.ClosedError)
    finally:
        icc.remove(name + "-v")


def test_interrupting_ends_one_wait(name):
    feed = icc.create_queue(name, "<u8", 8)
    consumer = feed.consumer()
    end = within(60, consumer.wait)
    time.sleep(0.1)
    consumer.interrupt()
    assert end() is False
    feed.producer().produce(1)
    assert consumer.wait() is True


def test_threads_that_close_while_others_read(name):
    feed = icc.create_queue(name, "<u8", 1024)
    stop = threading.Event()

    def produce():
        with feed.producer() as producer:
            while not stop.is_set():
                producer.produce(np.arange(512, dtype="<u8"))

    producing = threading.Thread(target=produce)
    producing.start()
    for _ in range(50):
        consumer = feed.consumer()

        def read():
            total = 0
            while True:
                try:
                    consumer.wait(0.01)
                    total += len(consumer.read()[0])
                except icc.ClosedError:
                    return total

        ends = [within(60, read) for _ in range(3)]
        time.sleep(0.002)
        consumer.close()
        assert all(isinstance(end(), int) for end in ends)
    stop.set()
    producing.join()


def test_control_c_ends_a_wait():
    program = """
import icc, os, signal, sys, threading
# Whoever started the tests may ignore it, as a shell does for what runs in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
name = f"icc-py-{os.getpid()}-signal"
consumer = icc.create_queue(name, "<u8", 8).consumer()
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    consumer.wait()
except KeyboardInterrupt:
    print("interrupted")
finally:
    icc.remove(name)
"""
    assert run(program).strip() == "interrupted"
