"""What the guides and the examples show does what they say."""

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import icc

ROOT = Path(__file__).parents[3]
EXAMPLES = Path(__file__).parents[1] / "examples"


def programs(path):
    text = (ROOT / path).read_text()
    return re.findall(r"```python\n(.*?)```", text, re.S)


def replaced(program, name):
    return program.replace('"quotes"', repr(name)).replace('"news"', repr(name))


def test_the_same_program_in_python(name, capsys):
    creating, reading, _ = programs("docs/languages.md")
    exec(replaced(creating, name), {})
    exec(replaced(reading, name), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "100.0 100.5" and lines[-1] == "199.0 199.5" and len(lines) == 100


def test_messages_of_any_length_in_python(name, capsys):
    *_, program = programs("docs/languages.md")
    exec(replaced(program, name), {})
    assert capsys.readouterr().out == "a headline\n"


def test_the_readme(name, capsys):
    (program,) = programs("bindings/python/README.md")
    exec(replaced(program, name), {})
    assert capsys.readouterr().out == "99.5 None\n"


def test_the_package_itself():
    try:
        assert doctest.testmod(icc) .failed == 0
    finally:
        for name in ("quotes", "news"):
            try:
                icc.remove(name)
            except icc.NotFoundError:
                pass


def example(program, *arguments):
    done = subprocess.run([sys.executable, EXAMPLES / program, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_the_live_spread(tmp_path):
    told = example("live_spread.py", "--save", tmp_path / "spread.png", "--seconds", "1")
    assert int(told.split()[0]) > 0 and (tmp_path / "spread.png").stat().st_size > 1000


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_bars_with_pandas():
    assert "60 bars, 0 trades lost" in example("to_pandas.py")


def test_every_public_name_is_described():
    for public in icc.__all__:
        assert getattr(icc, public).__doc__, public
    kinds = [icc.Queue, icc.Vector, icc.Consumer, icc.Producer, icc.Writer, icc.Changes]
    for kind in kinds + [icc.BytesQueue, icc.BytesConsumer, icc.BytesProducer]:
        for public in (public for public in vars(kind) if not public.startswith("_")):
            assert vars(kind)[public].__doc__ or isinstance(vars(kind)[public], property), f"{kind}.{public}"
    assert os.path.exists(Path(icc.__file__).with_name("py.typed"))
