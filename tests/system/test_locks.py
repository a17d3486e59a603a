"""The lock: one holder at a time, named to those who wait, and never stale."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import BusyError, PushdeployError
from pushdeploy.system.locks import Holder, folder_held, held

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from pushdeploy.system.locks import held
with held(Path(sys.argv[1]), who="bob", what="a deploy"):
    print("held", flush=True)
    time.sleep(60)
"""


def other_holder(path: Path) -> subprocess.Popen[bytes]:
    """A process that holds the lock."""
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    return child


def test_a_free_lock_is_taken_and_its_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with held(path, who="ada", what="a deploy"):
        number = path.stat().st_ino
    with held(path, who="ada", what="a deploy"):
        assert path.stat().st_ino == number


def test_another_process_waits_and_is_told_for_whom(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    told: list[Holder] = []

    with other_holder(path) as child:
        with (
            pytest.raises(BusyError) as busy,
            held(path, who="ada", what="a rollback", seconds=0.2, on_wait=told.append),
        ):
            pass
        child.kill()

    (holder,) = told
    assert (holder.who, holder.what, holder.pid) == ("bob", "a deploy", child.pid)
    assert busy.value.message.startswith("a deploy of `bob` has held the app for")
    assert str(child.pid) in busy.value.message
    assert busy.value.exit_code == 6


def test_a_holder_that_is_killed_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with other_holder(path) as child:
        child.send_signal(signal.SIGKILL)

    with held(path, who="ada", what="a deploy", seconds=5):
        assert path.exists()


def test_an_error_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), held(path, who="ada", what="a deploy"):
        raise ZeroDivisionError

    with held(path, who="ada", what="a deploy", seconds=0):
        pass


def test_a_program_that_the_holder_started_does_not_keep_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path, who="ada", what="a deploy"):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)

    with held(path, who="bob", what="a deploy", seconds=0):
        pass
    child.kill()
    child.wait()


def most_at_once(hold: Callable[[], AbstractContextManager[None]]) -> int:
    """How many of eight threads were inside at the same time."""
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with hold():
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


def test_one_at_a_time_in_threads_too(tmp_path: Path) -> None:
    assert most_at_once(lambda: held(tmp_path / "lock", who="ada", what="a deploy")) == 1


def test_a_folder_is_held_by_one_at_a_time_and_nothing_is_written(tmp_path: Path) -> None:
    assert most_at_once(lambda: folder_held(tmp_path)) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("details", ["", "{", "[]", '{"who": "bob"}', "null"])
def test_details_that_cannot_be_read_do_not_stop_who_waits(details: str, tmp_path: Path) -> None:
    path = tmp_path / "lock"
    told: list[Holder] = []
    with held(path, who="bob", what="a deploy"):
        (tmp_path / "lock.holder").write_text(details)

        with (
            pytest.raises(BusyError),
            held(path, who="ada", what="x", seconds=0, on_wait=told.append),
        ):
            pass

    assert told[0].who == "somebody"


def test_who_waits_for_an_app_that_is_destroyed_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "blog"
    folder.mkdir()

    with held(folder / "lock", who="bob", what="destroying the app"):
        waiter = Waiter(folder / "lock")
        folder.rename(tmp_path / ".destroyed-blog")
        waiter.join()

    assert str(waiter.error) == "there is no app `blog`"
    assert not folder.exists()


def test_who_waits_then_waits_for_the_new_app_of_the_same_name(tmp_path: Path) -> None:
    path, new = tmp_path / "lock", tmp_path / "new"

    with held(new, who="eve", what="a deploy of the new app"):
        with held(path, who="bob", what="destroying the app"):
            waiter = Waiter(path, seconds=1)
            new.replace(path)
        waiter.join()

    assert isinstance(waiter.error, BusyError)


class Waiter(threading.Thread):
    """Somebody who waits already, and tells why he got nothing."""

    def __init__(self, path: Path, seconds: float = 10) -> None:
        super().__init__()
        self.error: PushdeployError | None = None
        self._path, self._seconds = path, seconds
        self._waiting = threading.Event()
        self.start()
        assert self._waiting.wait(10)

    def run(self) -> None:
        """Wait."""
        try:
            with held(self._path, who="ada", what="x", seconds=self._seconds, on_wait=self._told):
                pass
        except PushdeployError as error:
            self.error = error

    def _told(self, _: Holder) -> None:
        self._waiting.set()


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")

    with (
        pytest.raises(OSError, match="symbolic links"),
        held(tmp_path / "lock", who="ada", what="x"),
    ):
        pass

    assert not (tmp_path / "elsewhere").exists()
    assert os.listdir(tmp_path) == ["lock"]
