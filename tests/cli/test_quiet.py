"""What a person reads while nothing happens."""

import os

from pushdeploy import events
from pushdeploy.cli.attempts import Teller
from pushdeploy.cli.watch import DOING, WAITING, Printer, Quiet


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.time


def test_nothing_is_said_before_an_attempt_begins() -> None:
    clock = Clock()
    quiet = Quiet(clock)

    clock.time += 600

    assert quiet.line() is None


def test_a_long_step_is_told_every_three_seconds() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    quiet.heard({"event": "web.starting"})
    said = []

    for _ in range(7):
        clock.time += 1
        said.append(quiet.line())

    assert [line for line in said if line] == [
        "       still waiting for web to answer its health check (3 s)",
        "       still waiting for web to answer its health check (6 s)",
    ]


def test_an_answer_that_does_not_pass_is_waited_for_in_its_own_words() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    quiet.heard({"event": "web.starting"})
    quiet.heard({"event": "web.unhealthy", "what": "GET / answered 500 Internal Server Error"})

    clock.time += 3

    assert quiet.line() == "       still getting the same answer (3 s)"


def test_output_of_the_step_counts_as_something_said() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    quiet.heard({"event": "build.started"})
    clock.time += 2
    quiet.heard({"event": "build.output", "line": "+ flask"})
    clock.time += 2

    first = quiet.line()
    clock.time += 1

    assert first is None
    assert quiet.line() == "       still installing packages (5 s)"


def test_nobody_waits_after_the_last_words() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    quiet.begin(WAITING)
    quiet.heard({"event": "release.live"})

    clock.time += 60

    assert quiet.line() is None


def test_every_name_is_an_event() -> None:
    names = {event.name for event in events.Event.__subclasses__()}

    assert set(DOING) <= names


def test_a_change_that_takes_long_is_named_before_what_is_waited_for() -> None:
    clock = Clock()
    read, write = os.pipe()
    teller = Teller(Printer(write), "Setting DEBUG and restarting blog", Quiet(clock))
    teller.event({"event": "release.switched"})

    for _ in range(7):
        clock.time += 1
        teller.idle()
    teller.finish("Setting DEBUG and restarting blog... done, v2")
    os.close(write)

    with os.fdopen(read) as said:
        assert said.read() == (
            "-----> Setting DEBUG and restarting blog\n"
            "       still watching whether everything stays up (3 s)\n"
            "       still watching whether everything stays up (6 s)\n"
            "Setting DEBUG and restarting blog... done, v2\n"
        )


def test_a_change_is_named_as_soon_as_it_begins() -> None:
    read, write = os.pipe()
    teller = Teller(Printer(write), "Setting DEBUG and restarting blog")

    teller.event({"event": "attempt.started"})
    begun = os.read(read, 1000)
    teller.event({"event": "release.switched"})
    teller.finish("Setting DEBUG and restarting blog... done, v2")
    os.close(write)

    assert begun == b"-----> Setting DEBUG and restarting blog\n"
    with os.fdopen(read) as pipe:
        assert pipe.read() == "Setting DEBUG and restarting blog... done, v2\n"
