import asyncio
import time

import pytest

import icc


def test_async_for(name):
    feed = icc.create_queue(name, "<u8", 4)

    async def main():
        consumer, producer = feed.consumer(), feed.producer()
        found = []

        async def consume():
            async for item in consumer:
                found.append(item)
                if item == 9:
                    return

        task = asyncio.create_task(consume())
        await asyncio.sleep(0.05)
        for n in range(6):
            producer.produce(n)
        await asyncio.sleep(0.05)
        producer.produce(9)
        await asyncio.wait_for(task, 60)
        return found

    assert asyncio.run(main()) == [icc.Lost(0, 2), 2, 3, 4, 5, 9]


def test_several_at_once(name):
    feeds = [icc.create_queue(f"{name}-{k}", "<u8", 16) for k in range(3)]
    try:

        async def first_of(feed):
            async for item in feed.consumer():
                return int(item)

        async def main():
            tasks = [asyncio.create_task(first_of(feed)) for feed in feeds]
            await asyncio.sleep(0.05)
            for k, feed in enumerate(feeds):
                feed.producer().produce(k)
            return await asyncio.wait_for(asyncio.gather(*tasks), 60)

        assert asyncio.run(main()) == [0, 1, 2]
    finally:
        for k in range(3):
            icc.remove(f"{name}-{k}")


def test_cancelling_ends_the_wait_of_its_thread(name):
    feed = icc.create_queue(name, "<u8", 16)

    async def main():
        consumer = feed.consumer()

        async def consume():
            async for _ in consumer:
                pass

        task = asyncio.create_task(consume())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    begin = time.monotonic()
    asyncio.run(main())
    # The loop waits for its threads, and none waits on.
    assert time.monotonic() - begin < 5


def test_changes(name):
    table = icc.create_vector(name, "<u8", 4)

    async def main():
        writer, changes = table.writer(), table.changes()

        async def follow():
            async for slots, values, _ in changes:
                return slots.tolist(), values.tolist()

        task = asyncio.create_task(follow())
        await asyncio.sleep(0.05)
        writer.write(2, 22)
        return await asyncio.wait_for(task, 60)

    assert asyncio.run(main()) == ([2], [22])
