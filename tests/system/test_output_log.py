"""An app's file of output: whole lines, in order, across files, and followed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pushdeploy.system import output_log
from pushdeploy.system.output_log import FILE_LIMIT, LINE_LIMIT, Writer, last_lines, new_lines

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.log_line import LogLine

WEB = "pushdeploy-my_blog.v1.web"
WORKER = "pushdeploy-my_blog.v2.send_mail.3"


def every(_: LogLine) -> bool:
    return True


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


def test_a_line_says_who_printed_it(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")

    writer.feed(WORKER, b"hello\n")

    (line,) = last_lines(tmp_path / "log", 10, every)
    assert (line.release, line.instance, line.text) == (2, "send_mail.3", "hello")


def test_chunks_become_lines(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")

    for chunk in (b"one\ntw", b"o\r\n", b"\n", b"caf\xc3", b"\xa9 \xff\n", b"unfinished"):
        writer.feed(WEB, chunk)

    assert texts(last_lines(tmp_path / "log", 10, every)) == ["one", "two", "", "café \ufffd"]


def test_the_unfinished_line_of_a_process_that_ends_counts(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    writer.feed(WEB, b"Segmentation fault")

    writer.finish(WEB)

    assert texts(last_lines(tmp_path / "log", 10, every)) == ["Segmentation fault"]


def test_instances_do_not_cut_into_each_other_s_lines(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")

    for unit, chunk in ((WEB, b"web "), (WORKER, b"worker\n"), (WEB, b"goes on\n")):
        writer.feed(unit, chunk)

    assert texts(last_lines(tmp_path / "log", 10, every)) == ["worker", "web goes on"]


def test_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")

    writer.feed(WEB, b"x" * (LINE_LIMIT + 1))

    assert texts(last_lines(tmp_path / "log", 10, every)) == ["x" * (LINE_LIMIT + 1)]


def test_the_last_lines_are_those_that_are_wanted(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    for number in range(5):
        writer.feed(WEB, b"web %d\n" % number)
        writer.feed(WORKER, b"worker %d\n" % number)

    found = last_lines(tmp_path / "log", 2, lambda line: line.of(["send-mail"]))

    assert texts(found) == ["worker 3", "worker 4"]


def test_old_files_are_read_too_and_the_oldest_go(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    line = b"x" * 60_000 + b"\n"
    for _ in range(FILE_LIMIT * 6 // len(line)):
        writer.feed(WEB, line)
    writer.feed(WEB, b"last\n")

    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["log", "log.1", "log.2", "log.3"]
    found = texts(last_lines(tmp_path / "log", 100, every))
    assert (len(found), found[-1]) == (100, "last")


def test_no_log_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "log", 10, every) == []


def test_an_app_that_is_being_destroyed_is_written_nowhere(tmp_path: Path) -> None:
    Writer(tmp_path / "gone" / "log").feed(WEB, b"hello\n")

    assert list(tmp_path.iterdir()) == []


def test_a_follower_gets_what_is_written_later(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    writer.feed(WEB, b"before\n")
    following = new_lines(tmp_path / "log", every)
    assert next(following) is None

    writer.feed(WEB, b"after\n")
    writer.feed(WEB, b"and more\n")

    said = itertools.islice((line for line in following if line), 2)
    assert texts(list(said)) == ["after", "and more"]


def test_a_follower_waits_for_the_first_line_ever(tmp_path: Path) -> None:
    following = new_lines(tmp_path / "log", every)
    next(following)

    Writer(tmp_path / "log").feed(WEB, b"first\n")

    assert texts([next(line for line in following if line)]) == ["first"]


def test_a_follower_loses_nothing_when_a_new_file_is_begun(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    writer.feed(WEB, b"x" * 60_000 + b"\n")
    following = new_lines(tmp_path / "log", every)
    next(following)

    writer.feed(WEB, b"last of the old\n")
    (tmp_path / "log").replace(output_log._old(tmp_path / "log", 1))  # noqa: SLF001 - as it does
    writer.feed(WEB, b"first of the new\n")

    said = itertools.islice((line for line in following if line), 2)
    assert texts(list(said)) == ["last of the old", "first of the new"]
