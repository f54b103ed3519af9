"""Events are numbered, bounded, and wake whoever follows."""

import asyncio

from dataplane.live.events import KEPT, Events


def test_the_last_are_kept_and_numbers_go_on():
    async def run():
        events = Events()
        for number in range(KEPT + 10):
            events.add("start", f"s{number}")
        return events

    events = asyncio.run(run())
    assert len(events.since(0)) == KEPT
    assert [event["number"] for event in events.since(KEPT + 8)] == [KEPT + 9, KEPT + 10]


def test_followers_get_each_event_once():
    async def run():
        events, seen = Events(), []

        async def follow():
            async for event in events.follow(0):
                seen.append(event["who"])
                if event["who"] == "last":
                    return

        task = asyncio.create_task(follow())
        for who in ("a", "b"):
            events.add("start", who)
            await asyncio.sleep(0)
        events.add("start", "c")
        events.add("start", "last")
        await asyncio.wait_for(task, 30)
        return seen

    assert asyncio.run(run()) == ["a", "b", "c", "last"]
