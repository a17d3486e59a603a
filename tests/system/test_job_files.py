"""The words of a job and how it ended, as files: nothing is changed, and nothing is left."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pushdeploy.system import job_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNIT = "pushdeploy-my_blog.run.7"
ME = pwd.getpwuid(os.getuid()).pw_name
WORDS = st.lists(st.binary(max_size=40).map(lambda raw: os.fsdecode(raw.replace(b"\0", b""))))


def said(words: Sequence[str], jobs: Path) -> list[bytes]:
    """What a program gets that is started by the words of a file."""
    with job_files.written(UNIT, ["printf", r"%s\0", "first", *words], ME, jobs):
        argv = [*job_files.BECOME, str(job_files.words_of(UNIT, jobs))]
        done = subprocess.run(argv, capture_output=True, check=True)
    return done.stdout.split(b"\0")[1:-1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS)
def test_any_words_come_out_as_they_went_in(tmp_path: Path, words: list[str]) -> None:
    assert said(words, tmp_path / "jobs") == [os.fsencode(word) for word in words]


def test_the_program_has_the_stdin_and_the_exit_status(tmp_path: Path) -> None:
    with job_files.written(UNIT, ["sh", "-c", "cat; exit 7"], ME, tmp_path):
        argv = [*job_files.BECOME, str(job_files.words_of(UNIT, tmp_path))]
        done = subprocess.run(argv, input=b"\0x", capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (7, b"\0x")


def test_the_file_is_the_user_s_alone_and_gone_afterwards(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"

    with job_files.written(UNIT, ["x"], ME, jobs):
        status = job_files.words_of(UNIT, jobs).stat()
        assert (status.st_mode & 0o777, status.st_uid) == (0o400, os.getuid())
        assert jobs.stat().st_mode & 0o777 == 0o711

    assert list(jobs.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("exited 0\n", 0),
        ("exited 255\n", 255),
        ("killed TERM\n", 128 + signal.SIGTERM),
        ("killed KILL\n", 137),
        ("dumped SEGV\n", 128 + signal.SIGSEGV),
        ("killed RTMIN+6\n", 128 + signal.SIGRTMIN + 6),
        ("killed RTMIN\n", 128 + signal.SIGRTMIN),
        ("killed RTMAX-2\n", 128 + signal.SIGRTMAX - 2),
        ("killed 40\n", 168),
        (" \n", 3),
        ("", 3),
        ("exited TERM\n", 3),
        ("killed NONSENSE\n", 3),
    ],
)
def test_how_it_ended_is_an_exit_status(text: str, status: int) -> None:
    assert job_files.parse_ended(text, otherwise=3) == status


def test_what_systemd_runs_at_the_end_writes_what_is_read(tmp_path: Path) -> None:
    path = job_files.ended_of(UNIT, tmp_path)
    environment = {"EXIT_CODE": "killed", "EXIT_STATUS": "TERM"}

    subprocess.run([*job_files.NOTE, str(path)], env=environment, check=True)

    assert job_files.status(UNIT, 0, tmp_path) == 143
    assert job_files.status("another", 5, tmp_path) == 5


def test_only_what_nobody_uses_is_swept(tmp_path: Path) -> None:
    runs, ended = "pushdeploy-my_blog.run.1", "pushdeploy-my_blog.run.2"
    for name in (runs, ended, f"{ended}.ended", "pushdeploy-other.run.1"):
        (tmp_path / name).write_text("")

    with job_files.written(UNIT, ["x"], ME, tmp_path):
        job_files.sweep("pushdeploy-my_blog.*", lambda unit: unit == runs, tmp_path)
        left = {path.name for path in tmp_path.iterdir()}

    assert left == {UNIT, runs, "pushdeploy-other.run.1"}


def test_the_private_environment_is_a_file_of_the_user_s_and_gone_afterwards(
    tmp_path: Path,
) -> None:
    with job_files.written(UNIT, ["x"], ME, tmp_path, private=[("KEY", "a\nb"), ("TWO", "")]):
        path = job_files.private_of(UNIT, tmp_path)
        assert path.read_bytes() == b"KEY=a\nb\0TWO=\0"
        assert path.stat().st_mode & 0o777 == 0o400

    assert list(tmp_path.iterdir()) == []
