"""A live plot of a spread: what a queue has, redrawn ten times a second. Needs matplotlib.

    python live_spread.py            makes a feed of its own and shows it
    python live_spread.py quotes     shows a queue with fields `bid` and `ask`
    python live_spread.py --save spread.png --seconds 2
"""

# %% What is to be shown: the newest quotes, and how many were lost.
import argparse
import contextlib
import os
import threading
import time

import numpy as np

import icc


def synthetic(name, stop):
    """A feed that walks at random, a thousand quotes a second."""
    feed = icc.create_queue(name, [("bid", "<f8"), ("ask", "<f8")], 1 << 12, units={"bid": "USD", "ask": "USD"})
    random = np.random.default_rng(1)

    def send():
        quote = np.array([(100.0, 100.02)], feed.dtype)
        with feed.producer() as producer:
            while not stop.is_set():
                quote["bid"] += random.normal(0, 0.001)
                quote["ask"] = quote["bid"] + 0.02 + random.exponential(0.005)
                producer.produce(quote)
                time.sleep(0.001)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


# %% A window that takes what is there since the last look.
def show(name, seconds, save):
    import matplotlib

    if save:
        matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    consumer, window = icc.open(name).from_oldest(), np.empty(0)
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    (line,) = axes.plot([], [])
    axes.set(xlabel="quotes ago", ylabel="ask - bid")
    end = time.monotonic() + seconds
    while time.monotonic() < end and (save or plt.fignum_exists(figure.number)):
        quotes, _ = consumer.read()
        window = np.concatenate([window, quotes["ask"] - quotes["bid"]])[-2000:]
        line.set_data(np.arange(-len(window), 0), window)
        axes.relim()
        axes.autoscale_view()
        axes.set_title(f"{name}: {consumer.received:,} received, {consumer.lost:,} lost")
        if save:
            time.sleep(0.1)
        else:
            plt.pause(0.1)
    if save:
        figure.savefig(save)
    print(f"{consumer.received} received, {consumer.lost} lost")


# %%
def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("name", nargs="?")
    options.add_argument("--seconds", type=float, default=3600)
    options.add_argument("--save")
    options = options.parse_args()
    if options.name:
        return show(options.name, options.seconds, options.save)
    name, stop = f"live-spread-{os.getpid()}", threading.Event()
    thread = synthetic(name, stop)
    try:
        show(name, options.seconds, options.save)
    finally:
        stop.set()
        thread.join()
        with contextlib.suppress(icc.NotFoundError):
            icc.remove(name)


if __name__ == "__main__":
    main()
