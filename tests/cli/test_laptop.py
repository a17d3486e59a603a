"""On the laptop: the same command, over ssh, to where the checkout's remote points."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.system.command import Command, Output, attempt, run
from tests.cli.terminal import at_terminal

SSH = """\
#!{python} -I
import json, os, sys
stdin = "" if sys.stdin.isatty() else sys.stdin.read()
with open({record!r}, "w") as file:
    json.dump({{"argv": sys.argv[1:], "stdin": stdin}}, file)
print("the server's answer")
print("the server's talk", file=sys.stderr)
sys.exit(0 if "-t" in sys.argv else 7)
"""

FORCED = """\
#!{python} -I
import os, sys
os.environ["SSH_ORIGINAL_COMMAND"] = sys.argv[-1]
os.environ["PUSHDEPLOY_HOME"] = {home!r}
os.execv({python!r}, [{python!r}, "-I", "-m", "pushdeploy.programs.ssh_command", "alice"])
"""


@dataclass(frozen=True)
class Laptop:
    """A checkout, and an ssh that notes what it was asked."""

    folder: Path

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    def environment(self) -> dict[str, str]:
        names = ("PATH", "LANG", "COVERAGE_PROCESS_START")
        return {
            **{name: os.environ[name] for name in names if name in os.environ},
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_SSH_COMMAND": f"{shlex.quote(str(self.folder / 'ssh'))} -F none",
        }

    def ssh(self, script: str) -> None:
        values = {"python": sys.executable, "home": str(self.folder / "server")}
        path = self.folder / "ssh"
        path.write_text(script.format(record=str(self.folder / "asked"), **values))
        path.chmod(0o755)

    def git(self, *words: str) -> None:
        run(Command(["git", *words], folder=self.checkout, environment=self.environment()))

    def pushdeploy(self, *words: str, stdin: str = "", **variables: str) -> Output:
        return attempt(
            Command(
                [sys.executable, "-m", "pushdeploy.programs.command_line", *words],
                folder=self.checkout,
                environment={**self.environment(), **variables},
                stdin=stdin,
            )
        )

    def asked(self) -> dict[str, object]:
        """What ssh was told: its arguments, and what it could read."""
        found: dict[str, object] = json.loads((self.folder / "asked").read_text())
        return found


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """A checkout without remotes."""
    laptop = Laptop(tmp_path)
    laptop.checkout.mkdir()
    laptop.ssh(SSH)
    laptop.git("init", "--quiet")
    return laptop


@pytest.fixture
def production(laptop: Laptop) -> Laptop:
    """A checkout with the remote that the tutorial makes."""
    laptop.git("remote", "add", "production", "deploy@example.org:blog")
    return laptop


def test_a_command_runs_on_the_server_with_the_remotes_app(production: Laptop) -> None:
    said = production.pushdeploy("releases", "-n", "3", stdin="piped")

    assert said.status == 7
    assert said.stdout == "the server's answer\n"
    assert said.stderr == "the server's talk\n"
    assert production.asked() == {
        "argv": [
            "-F",
            "none",
            "deploy@example.org",
            "--",
            "pushdeploy releases --num 3 --app blog",
        ],
        "stdin": "piped",
    }


def test_a_port_and_a_folder_below_the_checkout_are_no_obstacle(laptop: Laptop) -> None:
    laptop.git("remote", "add", "production", "ssh://deploy@[2001:db8::1]:2222/blog.git")
    (laptop.checkout / "src").mkdir()

    said = attempt(
        Command(
            [sys.executable, "-m", "pushdeploy.programs.command_line", "ps", "--json"],
            folder=laptop.checkout / "src",
            environment=laptop.environment(),
        )
    )

    assert said.status == 7
    assert laptop.asked()["argv"] == [
        "-F", "none", "-p", "2222", "deploy@2001:db8::1", "--", "pushdeploy ps --json --app blog"
    ]  # fmt: skip


def test_words_arrive_as_they_were_typed(production: Laptop) -> None:
    words = ["python", "-c", "print('$HOME', \"`x`\") # *", "--app", "", "\n"]

    production.pushdeploy("run", *words)

    line = production.asked()["argv"][-1]  # type: ignore[index]
    assert shlex.split(line) == ["pushdeploy", "run", "--app", "blog", "--", *words]


def test_another_app_can_be_named(production: Laptop) -> None:
    production.pushdeploy("config:get", "URL", "-a", "shop")

    assert production.asked()["argv"][-1] == "pushdeploy config:get --app shop URL"  # type: ignore[index]


def test_values_of_config_vars_are_on_no_command_line(production: Laptop) -> None:
    production.pushdeploy("config:set", "A=s3cret one", "B=s3cret\ntwo")

    asked = production.asked()
    assert asked["argv"][-1] == "pushdeploy config:set --app blog -"  # type: ignore[index]
    assert asked["stdin"] == "A=s3cret one\0B=s3cret\ntwo\0"


def test_a_file_of_the_laptop_is_read_on_the_laptop(production: Laptop) -> None:
    (production.checkout / ".env").write_text("A='s3cret one'\n")

    production.pushdeploy("config:import")

    asked = production.asked()
    assert asked["argv"][-1] == "pushdeploy config:set --app blog -"  # type: ignore[index]
    assert asked["stdin"] == "A=s3cret one\0"


def test_a_broken_file_is_refused_before_anything_is_sent(production: Laptop) -> None:
    (production.checkout / ".env").write_text("A=1\nB='open\n")

    said = production.pushdeploy("config:import")

    assert said.status == RefusedInputError.exit_code
    assert "line 2 of the `.env`" in said.stderr
    assert not (production.folder / "asked").exists()


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs Debian's openssh-client")
def test_a_private_key_never_leaves_the_laptop(production: Laptop) -> None:
    private = production.folder / "id_ed25519"
    run(Command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "Al", "-f", str(private)]))

    refused = production.pushdeploy("keys:add", "alice", str(private))
    sent = production.pushdeploy("keys:add", f"{private}.pub")

    assert refused.status == RefusedInputError.exit_code
    assert "private key" in refused.stderr
    assert sent.status == 7
    assert production.asked() == {
        "argv": ["-F", "none", "deploy@example.org", "--", "pushdeploy keys:add al -"],
        "stdin": Path(f"{private}.pub").read_text(),
    }


def test_what_is_typed_wrongly_does_not_reach_the_server(production: Laptop) -> None:
    for words in (["relases"], ["ps", "--jsno"], ["run"], ["config:set", "A"]):
        assert production.pushdeploy(*words).status == UsageError.exit_code
    assert not (production.folder / "asked").exists()


def test_help_and_version_need_no_server(laptop: Laptop) -> None:
    assert laptop.pushdeploy("ps", "--help").status == 0
    assert laptop.pushdeploy("version").status == 0
    assert not (laptop.folder / "asked").exists()


def test_the_servers_version_can_be_asked_for(production: Laptop) -> None:
    production.pushdeploy("version", "--remote", "production")

    assert production.asked()["argv"][-1] == "pushdeploy version"  # type: ignore[index]


def test_without_a_remote_the_line_to_type_is_shown(laptop: Laptop) -> None:
    laptop.git("remote", "add", "origin", "git@github.com:alice/blog.git")

    said = laptop.pushdeploy("ps")

    assert said.status == NotFoundError.exit_code
    assert said.stderr == (
        " !     no git remote of this checkout names a server\n"
        " !     Next: git remote add production deploy@HOST:APP\n"
    )


def test_outside_a_checkout_ssh_itself_is_named(laptop: Laptop) -> None:
    outside = laptop.folder / "elsewhere"
    outside.mkdir()

    said = attempt(
        Command(
            [sys.executable, "-m", "pushdeploy.programs.command_line", "apps"],
            folder=outside,
            environment={**laptop.environment(), "GIT_CEILING_DIRECTORIES": str(laptop.folder)},
        )
    )

    assert said.status == NotFoundError.exit_code
    assert f"`{outside}` is not in a git checkout" in " ".join(said.stderr.replace("!", "").split())
    assert "ssh deploy@HOST apps" in said.stderr


def test_one_of_several_servers_has_to_be_named(laptop: Laptop) -> None:
    laptop.git("remote", "add", "one", "deploy@one.example:blog")
    laptop.git("remote", "add", "two", "deploy@two.example:shop")

    asked = laptop.pushdeploy("ps")
    named = laptop.pushdeploy("ps", "--remote", "two")
    wrong = laptop.pushdeploy("ps", "--remote", "three")

    assert asked.status == UsageError.exit_code
    assert "one, two" in asked.stderr
    assert named.status == 7
    assert laptop.asked()["argv"][2:] == [  # type: ignore[index]
        "deploy@two.example", "--", "pushdeploy ps --app shop"
    ]  # fmt: skip
    assert wrong.status == NotFoundError.exit_code


def test_the_only_server_needs_no_name(laptop: Laptop) -> None:
    laptop.git("remote", "add", "origin", "git@github.com:alice/blog.git")
    laptop.git("remote", "add", "live", "deploy@example.org:blog")

    assert laptop.pushdeploy("ps").status == 7


def test_the_checkouts_own_ssh_is_taken(production: Laptop) -> None:
    production.git("config", "core.sshCommand", f"{production.folder}/ssh -i 'my key'")

    production.pushdeploy("ps", GIT_SSH_COMMAND="")

    assert production.asked()["argv"][:2] == ["-i", "my key"]  # type: ignore[index]


def test_the_whole_way_and_back(production: Laptop) -> None:
    """Laptop, forced command, engine in a folder: what comes out is what went in."""
    production.ssh(FORCED)
    value = 'it\'s "$HOME" `x` %s\nüñí\t!'
    made = production.pushdeploy("apps:create", "blog")

    set_ = production.pushdeploy("config:set", f"VALUE={value}")
    got = production.pushdeploy("config:get", "VALUE")
    gone = production.pushdeploy("config:get", "OTHER")
    no_such_app = production.pushdeploy("ps", "--app", "shop")

    assert made.stderr.startswith("Creating blog... done, on port ")
    assert set_.stderr == "Setting VALUE... done; it takes effect at the first deploy\n"
    assert got.stdout == f"{value}\n"
    assert gone.status == no_such_app.status == NotFoundError.exit_code


def test_a_remote_that_is_a_folder_means_the_pushdeploy_of_that_folder(laptop: Laptop) -> None:
    home = laptop.folder / "with blank"
    made = laptop.pushdeploy("apps:create", "blog", PUSHDEPLOY_HOME=str(home))
    for line in made.stdout.splitlines():
        laptop.git(*shlex.split(line)[1:])

    said = laptop.pushdeploy("apps", "--json")
    unset = laptop.pushdeploy("config:get", "NAME")

    assert [one["app"] for one in json.loads(said.stdout)] == ["blog"]
    assert unset.stderr == " !     `NAME` is not set\n !     Next: pushdeploy config --app blog\n"
    assert not (laptop.folder / "asked").exists()


def test_a_one_off_command_gets_a_terminal_where_there_is_one(production: Laptop) -> None:
    line = [sys.executable, "-m", "pushdeploy.programs.command_line", "run", "bash", "-l"]

    at_terminal(Command(line, folder=production.checkout, environment=production.environment()))
    with_terminal = production.asked()["argv"]
    production.pushdeploy("run", "bash", "-l")
    without = production.asked()["argv"]

    rest = ["deploy@example.org", "--", "pushdeploy run --app blog -- bash -l"]
    assert with_terminal == ["-F", "none", "-t", "-o", "LogLevel=ERROR", *rest]
    assert without == ["-F", "none", *rest]
