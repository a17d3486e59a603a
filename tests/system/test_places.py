"""So many places for a caller, each as long as a process lives."""

import subprocess
import sys
from pathlib import Path

from pushdeploy.system.places import take_a_place

TAKE = """
import sys
from pushdeploy.system.places import take_a_place
print(take_a_place(sys.argv[1], sys.argv[2], 2), flush=True)
sys.stdin.read()
"""


def start(folder: Path, name: str) -> subprocess.Popen[str]:
    """A process that takes a place and keeps it until its stdin ends."""
    argv = [sys.executable, "-I", "-c", TAKE, str(folder), name]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)


def said(child: subprocess.Popen[str]) -> str:
    """Whether it got one."""
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_two_get_one_and_a_third_when_one_of_them_has_ended(tmp_path: Path) -> None:
    first, second = start(tmp_path, "ada"), start(tmp_path, "ada")
    assert [said(first), said(second)] == ["True", "True"]

    third = start(tmp_path, "ada")
    assert said(third) == "False"
    third.communicate()

    other = start(tmp_path, "bob")
    assert said(other) == "True"
    other.communicate()

    first.kill()
    first.communicate()
    fourth = start(tmp_path, "ada")
    assert said(fourth) == "True"
    fourth.communicate()
    second.communicate()


def test_where_nobody_counts_everybody_may(tmp_path: Path) -> None:
    assert take_a_place(f"{tmp_path}/nowhere", "ada", 0) is True


def test_a_name_does_not_lead_elsewhere(tmp_path: Path) -> None:
    assert take_a_place(str(tmp_path), "../ada", 1) is True
    assert [path.name for path in tmp_path.iterdir()] == [".._ada"]
