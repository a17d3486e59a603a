"""`./installer.sh demo`, as the README tells it."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from pushdeploy.system import processes
from pushdeploy.system.short_folder import short_folder

pytestmark = pytest.mark.embedded

INSTALLER = Path(__file__).parents[2] / "installer.sh"
SECONDS = 600


def demo(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it without a home folder and without a terminal."""
    kept = {name: value for name, value in os.environ.items() if name != "HOME"}
    return subprocess.run(
        [str(INSTALLER), "demo", *words],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        env={**kept, **environment},
    )


def free_port() -> int:
    """A port that nobody has, with a free one after it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        if processes.port_holder(port + 1) is None:
            return port


def test_once_shows_every_step_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "my demo"

    done = demo("--once", "--dir", str(folder), "--port", str(free_port()))

    assert done.returncode == 0, done.stdout
    for sentence in (
        "answers 200: “Field notes”",
        "requests, 0 failed",
        "“Field notes, second edition”",
        "the broken version was refused",
        "Every step succeeded.",
    ):
        assert sentence in " ".join(done.stdout.replace("\n       ", " ").split("\n"))
    assert "listens on a port" not in done.stdout  # what fails is an import
    assert not folder.exists()
    assert not short_folder(folder / "server").exists()
    assert not left_over(folder)


def test_it_keeps_running_until_it_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        first = demo("--dir", str(folder), "--port", str(port))
    second = demo("--dir", str(folder))

    with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/", timeout=20) as answer:
        page = answer.read().decode()
    for python in (folder / "tool" / "bin").glob("python*"):  # as an upgrade of the system does
        python.unlink()
    stopped = demo("--stop", "--dir", str(folder))

    assert first.returncode == 0, first.stdout
    assert f"Port {port} is taken by" in first.stdout
    assert str(os.getpid()) in first.stdout
    assert second.returncode == 0, second.stdout
    assert "Everything up-to-date" in second.stdout
    assert "<title>Field notes</title>" in page
    assert stopped.returncode == 0, stopped.stdout
    assert not folder.exists()
    assert not left_over(folder)


def test_a_folder_that_is_not_the_demo_s_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    done = demo("--once", "--dir", str(tmp_path))

    assert done.returncode == 1
    assert "is not empty, and no demo made it" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder_for_the_demo(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    done = demo("--once", "--dir", str(tmp_path / "thesis.txt"))

    assert done.returncode == 2
    assert "thesis.txt` is a file, and `--dir` names a folder" in done.stdout
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "realpath", "mkdir", "ls", "touch", "cat"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    (programs / "id").write_text("#!/bin/sh\necho 1000\n")
    (programs / "id").chmod(0o755)

    done = demo("--dir", str(tmp_path / "demo"), PATH=str(programs))

    assert done.returncode == 1
    assert "missing: git" in done.stdout
    assert not (tmp_path / "demo").exists()


def left_over(folder: Path) -> list[str]:
    """Processes whose command line names the folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in words:
            found.append(words.decode(errors="replace"))
    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--onse",), "`--onse` is not an option of the demo"),
        (("--dir",), "`--dir` needs a value"),
        (("--once", "--port", "http"), "`http` is not a port"),
    ],
)
def test_a_slip_is_said_before_anything_is_made(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = demo(*words, HOME=str(tmp_path))

    assert done.returncode == 2
    assert done.stdout.startswith(f" !     {said}\n\nUsage: ./installer.sh demo")
    assert not list(tmp_path.iterdir())
