"""Bars of a second from a stream of trades, with pandas: each batch is a DataFrame, and losses are seen.

    python to_pandas.py              makes trades of its own
    python to_pandas.py trades       takes those of a queue with fields `at`, `price` and `size`
"""

# %%
import itertools
import os
import sys

import numpy as np
import pandas as pd

import icc


def synthetic(name, count=50_000):
    """Trades of a minute."""
    feed = icc.create_queue(name, [("at", "<M8[ns]"), ("price", "<f8"), ("size", "<u8")], 1 << 16)
    random, trades = np.random.default_rng(1), np.zeros(count, feed.dtype)
    trades["at"] = np.datetime64("2026-01-02T09:30:00", "ns") + np.sort(random.integers(0, 60_000_000_000, count))
    trades["price"] = 100 + np.cumsum(random.normal(0, 0.01, count))
    trades["size"] = random.integers(1, 100, count)
    with feed.producer() as producer:
        producer.produce(trades)


def bars(name, batches):
    """Open, high, low, close and volume of each second, of so many batches."""
    parts, lost = [], 0
    for batch in itertools.islice(icc.open(name).from_oldest().batches(16_384), batches):
        if isinstance(batch, icc.Lost):
            lost += batch.count
        else:
            parts.append(pd.DataFrame(batch))
    trades = pd.concat(parts).set_index("at")
    made = trades["price"].resample("1s").ohlc()
    made["volume"] = trades["size"].resample("1s").sum()
    return made, lost


# %%
if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else f"to-pandas-{os.getpid()}"
    if len(sys.argv) == 1:
        synthetic(name)
    try:
        made, lost = bars(name, 4)
        print(made.head(), f"{len(made)} bars, {lost} trades lost", sep="\n")
    finally:
        if len(sys.argv) == 1:
            icc.remove(name)
