"""What is told: once when a trouble begins, once when it is over, never more in an hour."""

from __future__ import annotations

import json
from dataclasses import replace

from pushdeploy.model.notice import News, Notice, State, Topic, Trouble
from pushdeploy.model.notice_state import (
    GIVE_UP_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MOST_GIVEN_UP,
    MOST_WAITING,
    Memory,
    remember,
    tried,
)
from pushdeploy.model.wire import plain, read

HOUR = 3600.0
TO_ALL = {"one": lambda _: True}


def trouble(key: str = "crash/web.1", since: float = 0.0) -> Trouble:
    return Trouble(key, Topic.PROCESS, "blog", "it crashes", since, "pushdeploy ps", "it is well")


def news(number: int, key: str = "") -> News:
    notice = Notice(str(number), Topic.DEPLOY, State.NEWS, "blog", f"v{number}", 0.0, "")
    return News(key, notice)


def look(memory: Memory, now: float, *wrong: Trouble, told: tuple[News, ...] = ()) -> Memory:
    """The memory after a look, whose notices have all been sent."""
    after = remember(memory, wrong, told, TO_ALL, now)
    return tried(after, dict.fromkeys(range(len(after.waiting)), ""), now)


def states(memory: Memory, now: float, *wrong: Trouble) -> list[State]:
    """What a look would have told."""
    after = remember(memory, wrong, (), TO_ALL, now)
    return [one.notice.state for one in after.waiting]


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over() -> None:
    begun = remember(Memory(), [trouble()], (), TO_ALL, 10.0)
    still = look(look(Memory(), 10.0, trouble()), 20.0, trouble(since=15.0))
    over = remember(still, (), (), TO_ALL, 30.0)

    assert [one.notice.text for one in begun.waiting] == ["it crashes"]
    assert states(look(Memory(), 10.0, trouble()), 20.0, trouble()) == []
    assert [(one.notice.text, one.notice.since) for one in over.waiting] == [("it is well", 0.0)]
    assert states(look(still, 30.0), 40.0) == []


def test_one_that_comes_and_goes_is_told_once_an_hour() -> None:
    memory, begun = Memory(), 0
    for minute in range(180):
        wrong = [trouble()] if minute % 2 == 0 else []
        memory = remember(memory, wrong, (), TO_ALL, minute * 60.0)
        begun += sum(one.notice.state is State.BEGUN for one in memory.waiting)
        memory = tried(memory, dict.fromkeys(range(len(memory.waiting)), ""), minute * 60.0)

    assert begun == 3


def test_one_that_has_come_back_and_stays_is_told_when_the_hour_is_over() -> None:
    memory = look(look(Memory(), 0.0, trouble()), 60.0)
    back = look(memory, 120.0, trouble(since=120.0))

    assert states(back, HOUR - 1, trouble(since=120.0)) == []
    assert states(back, HOUR + 1, trouble(since=120.0)) == [State.BEGUN]
    assert states(back, HOUR + 1) == []  # nobody was told that it came back


def test_two_troubles_are_told_apart() -> None:
    assert states(Memory(), 0.0, trouble(), trouble("crash/worker.1")) == [State.BEGUN] * 2
    other = replace(trouble(), app="shop")
    assert states(look(Memory(), 0.0, trouble()), 1.0, trouble(), other) == [State.BEGUN]


def test_news_are_told_each_time_but_of_one_key_once_an_hour() -> None:
    memory = remember(Memory(), (), [news(1), news(2)], TO_ALL, 0.0)
    again = remember(Memory(), (), [news(1, "same"), news(2, "same")], TO_ALL, 0.0)

    assert [one.notice.text for one in memory.waiting] == ["v1", "v2"]
    assert [one.notice.text for one in again.waiting] == ["v1"]
    later = remember(again, (), [news(3, "same")], TO_ALL, HOUR + 1)
    assert [one.notice.text for one in later.waiting] == ["v1", "v3"]


def test_each_address_gets_what_it_takes() -> None:
    takes = {"deploys": lambda one: one.topic is Topic.DEPLOY, "all": lambda _: True}

    memory = remember(Memory(), [trouble()], [news(1)], takes, 0.0)

    assert sorted((one.to, one.notice.topic) for one in memory.waiting) == [
        ("all", Topic.DEPLOY),
        ("all", Topic.PROCESS),
        ("deploys", Topic.DEPLOY),
    ]


def test_what_can_not_be_sent_waits_longer_each_time_and_is_given_up() -> None:
    now, pauses = 0.0, []
    memory = remember(Memory(), [trouble()], (), TO_ALL, now)
    while memory.waiting:
        memory = tried(memory, {0: "refused"}, now)
        if memory.waiting:
            pauses.append(memory.waiting[0].due - now)
            now = memory.waiting[0].due

    assert pauses[:4] == [60.0, 120.0, 240.0, 480.0]
    assert max(pauses) == LONGEST_PAUSE_SECONDS
    assert GIVE_UP_SECONDS <= now < GIVE_UP_SECONDS + LONGEST_PAUSE_SECONDS
    assert [(one.notice.text, one.answer) for one in memory.given_up] == [("it crashes", "refused")]


def test_what_waits_is_bounded() -> None:
    many = [news(number) for number in range(MOST_WAITING + 50)]

    memory = remember(Memory(), (), many, TO_ALL, 0.0)

    assert len(memory.waiting) == MOST_WAITING
    assert memory.waiting[-1].notice.text == f"v{MOST_WAITING + 49}"
    assert len(memory.given_up) == MOST_GIVEN_UP


def test_what_waits_for_an_address_that_was_removed_is_dropped() -> None:
    memory = remember(Memory(), [trouble()], (), TO_ALL, 0.0)

    assert remember(memory, [trouble()], (), {"other": lambda _: True}, 1.0).waiting == ()


def test_it_comes_back_from_json_as_it_was() -> None:
    memory = remember(Memory(began=1.0), [trouble()], [news(1, "key")], TO_ALL, 5.0)
    memory = replace(tried(memory, {0: "refused"}, 6.0), attempts={"blog": 3}, seen={"a": 1.0})

    assert read(Memory, json.loads(json.dumps(plain(memory)))) == memory
