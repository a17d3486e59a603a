"""A release is complete or not there; its scripts run the Procfile's line and nothing else."""

from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.release import write_release
from pushdeploy.model.cron_job import URL_VARIABLE
from pushdeploy.model.environment import Environment
from tests.deploy.machine import FakeMachine, names

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "echo '$(touch pwned)'",
    'echo "it\'s" `touch pwned`',
    "echo a; echo b # c",
    "printf '%s' \"$GREETING\"",
    "echo {braces} %n {{ jinja }} \\\\ !!",
]


def mode_of(path: Path) -> int:
    """Permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a start script as a supervisor does."""
    return subprocess.run(
        [str(script), *arguments],
        env={"PORT": "8000"},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_a_release_holds_code_venv_environment_and_start_scripts(machine: FakeMachine) -> None:
    machine.set_config(GREETING="hello")
    machine.push("one", "web: gunicorn app:app\nrelease: true\nsend-mail: python mail.py\n")

    release = machine.place.release(1)

    assert names(release.root) == ["code", "environment", "release.json", "run", "start", "venv"]
    assert names(release.root / "start") == [".run", "release", "send-mail", "web"]
    assert mode_of(release.environment) == 0o640
    assert mode_of(release.start("web")) == 0o750
    assert str(release.code.readlink()).startswith("../../slugs/")
    assert str(release.venv.readlink()).startswith("../../venvs/")
    assert release.run.readlink() == machine.place.sockets(1)


@pytest.mark.parametrize("line", HOSTILE)
def test_a_line_means_to_its_shell_what_it_means_to_ours(line: str, machine: FakeMachine) -> None:
    machine.set_config(GREETING="it's $HOME `id`\nline two")
    machine.push("one", f"web: {line}\n")
    wanted = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=machine.place.root,
        env={"GREETING": "it's $HOME `id`\nline two"},
        capture_output=True,
        text=True,
        check=False,
    )

    said = run(machine.place.release(1).start("web"))

    assert (said.stdout, said.returncode) == (wanted.stdout, wanted.returncode)
    slug = machine.place.release(1).code.resolve()
    assert ("pwned" in names(slug)) == ("`touch pwned`" in line), "only where the line says so"


def test_the_app_sees_its_release_its_port_and_its_config_vars(machine: FakeMachine) -> None:
    machine.set_config(COLOUR="green")
    machine.push("one", "web: env\n")

    seen = run(machine.place.release(1).start("web")).stdout.splitlines()

    assert "COLOUR=green" in seen
    assert "PORT=8000" in seen
    assert "PUSHDEPLOY_RELEASE=v1" in seen
    assert "PUSHDEPLOY_APP=blog" in seen
    (path,) = [line for line in seen if line.startswith("PATH=")]
    assert path.removeprefix("PATH=").startswith(f"{machine.place.venvs}/")


def test_a_one_off_runs_words_as_words_and_one_word_as_a_line(machine: FakeMachine) -> None:
    machine.push("one")
    script = machine.place.release(1).start(".run")

    words = run(script, "printf", "%s|", "a b", "$HOME")
    line = run(script, "echo a; echo b")

    assert words.stdout == "a b|$HOME|"
    assert line.stdout == "a\nb\n"


def test_an_unfinished_release_of_the_same_number_is_no_obstacle(machine: FakeMachine) -> None:
    machine.push("one")
    release = machine.records.release(1)
    half = machine.place.releases / ".new-1"
    half.mkdir()
    (half / "environment").write_text("half")
    machine.place.release(1).root.rename(machine.place.root / "aside")

    write_release(machine, release, Environment({}))

    assert names(machine.place.releases) == ["v1"]
    assert machine.place.release(1).environment.read_text() == ""


def test_storage_is_made_as_folders_that_every_release_shares(machine: FakeMachine) -> None:
    machine.push("one", storage=("instance", "media/uploads"))
    (machine.place.shared / "instance" / "blog.db").write_text("posts")

    machine.push("two", storage=("instance", "media/uploads"))

    code = machine.place.release(2).code
    assert (code / "instance" / "blog.db").read_text() == "posts"
    assert (machine.place.shared / "media" / "uploads").is_dir()


@pytest.mark.parametrize(
    ("heartbeat", "told"),
    [
        ("https://hc.example.org/p?a=1&b=$HOME", "https://hc.example.org/p?a=1&b=$HOME"),
        ("$PING_URL", "https://hc.example.org/secret"),
        ("${PING_URL}", "https://hc.example.org/secret"),
        ("$UNSET", ""),
    ],
)
def test_a_heartbeat_goes_to_a_url_or_to_that_of_a_config_var(
    machine: FakeMachine, heartbeat: str, told: str
) -> None:
    machine.set_config(PING_URL="https://hc.example.org/secret")
    machine.push("one", app_json=job(heartbeat))
    script = machine.place.release(1).start("heartbeat.tidy")
    lines = script.read_text().splitlines()

    shown = [f'printf %s "${URL_VARIABLE}"' if "exec " in one else one for one in lines]
    script.write_text("\n".join(shown) + "\n")

    assert run(script).stdout == told


def job(heartbeat: str) -> str:
    """app.json with one job."""
    one = {"name": "tidy", "command": "true", "schedule": "0 3 * * *", "heartbeat": heartbeat}
    return json.dumps({"cron": [one]})
