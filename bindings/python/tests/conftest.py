"""What the tests share: names that are removed in the end, and the Rust program on the other side."""

import glob
import itertools
import os
import subprocess
import sys

import pytest

import icc

_count = itertools.count()

#: What the Rust program sends: a number, words that follow from it, and the sum of all.
ROW = [("n", "<u8"), ("words", "<u8", 5), ("sum", "<u8")]


@pytest.fixture
def name():
    """A name in /dev/shm, of which nothing is left in the end."""
    made = f"icc-py-{os.getpid()}-{next(_count)}"
    yield made
    try:
        icc.remove(made)
    except icc.Error:
        pass
    for left in glob.glob(f"/dev/shm/{made}*"):
        os.remove(left)


class Peer:
    """A run of the Rust program."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(
            [program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.line() == "ready"

    def line(self):
        return self.process.stdout.readline().strip()

    def begin(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read().strip()
        self.process.stdout.close()
        assert self.process.wait(60) == 0
        return rest


@pytest.fixture
def peer():
    """Starts the Rust program; `cargo xtask python` says where it is."""
    program = os.environ.get("ICC_PEER")
    if not program:
        pytest.skip("no Rust program to talk to: run `cargo xtask python`")
    started = []

    def start(*arguments):
        started.append(Peer(program, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.process.stdin.close()
        one.process.stdout.close()


def run(program, *arguments, **options):
    """Runs a program in Python, in a process of its own, strictly, and returns what it printed."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout
