"""What takes too long is interrupted where it is; the deadline that ends first counts."""

import threading
import time

import pytest

from pushdeploy.system.own_limits import TooLateError, deadline

LOG = "less engine.log"


def test_what_has_not_ended_is_interrupted_and_named() -> None:
    with (
        pytest.raises(TooLateError, match="`ps` was stopped after 0 s") as caught,
        deadline(0.05, "`ps`", LOG),
    ):
        time.sleep(60)

    assert caught.value.hint == LOG


def test_what_ends_in_time_is_left_alone_and_so_is_what_comes_after() -> None:
    with deadline(0.05, "`ps`", LOG):
        pass
    time.sleep(0.1)


def hang_twice(said: list[str]) -> None:
    """Hang by a short deadline, and then on."""
    try:
        with deadline(0.05, "one", LOG):
            time.sleep(60)
    except TooLateError as error:
        said.append(error.message)
    time.sleep(60)


def test_an_inner_deadline_leaves_the_outer_one_its_time() -> None:
    said: list[str] = []

    with pytest.raises(TooLateError, match="all"), deadline(0.3, "all", LOG):
        hang_twice(said)

    assert said == ["one was stopped after 0 s, its time limit"]


def test_an_outer_deadline_that_ends_sooner_counts() -> None:
    with (
        pytest.raises(TooLateError, match="all"),
        deadline(0.05, "all", LOG),
        deadline(60, "one", LOG),
    ):
        time.sleep(60)


def test_in_another_thread_nothing_is_interrupted() -> None:
    done = []

    def work() -> None:
        with deadline(0.01, "it", LOG):
            time.sleep(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert done == [True]
