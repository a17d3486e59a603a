"""A first push: the app is made of its repo, or nothing is; whatever was killed is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pushdeploy.apps.first_push import first_push, parse_first_push, sweep_first_pushes
from pushdeploy.apps.lifecycle import check_app, create_app, half_made, take_first_push
from pushdeploy.deploy.checkout_worker import make_repo as make_repo_of
from pushdeploy.errors import BusyError, RefusedInputError, UnavailableError
from pushdeploy.model.ports import FRONTS
from pushdeploy.watch.reconcile import reconcile_all
from tests.deploy.fakes import Killed
from tests.deploy.machine import FakeMachine, Watching
from tests.deploy.repo import Repo
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

NAME = "0123456789abcdef"


def own_repo(machine: FakeMachine, name: str = NAME) -> Repo:
    """A first push's own repo, with a commit."""
    path = machine.layout.first_pushes / name
    path.parent.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--template=", str(path)], check=True)
    repo = Repo(path)
    repo.commit({"Procfile": "web: gunicorn app:app\n"})
    return repo


def really(machine: FakeMachine) -> None:
    """Have the machine make repos as the real worker does."""
    fake = machine.checkout_worker.ask

    def ask(verb: str, **request: Any) -> str:
        return make_repo_of(request) if verb == "make_repo" else fake(verb, **request)

    machine.checkout_worker.ask = ask  # type: ignore[method-assign]


def test_the_repo_of_a_first_push_becomes_that_of_the_app(machine: FakeMachine) -> None:
    really(machine)
    commit = own_repo(machine).git("rev-parse", "main")

    take_first_push(machine, "shop", NAME)
    take_first_push(machine, "shop", NAME)

    place = machine.layout.app("shop")
    assert Repo(place.repo).git("rev-parse", "main") == commit
    assert Repo(place.repo).git("fsck") == ""
    assert list((machine.layout.first_pushes / NAME).iterdir()) == []


def test_the_slower_of_two_first_pushes_is_told_to_push_again(machine: FakeMachine) -> None:
    really(machine)
    commit = own_repo(machine).git("rev-parse", "main")
    own_repo(machine, "f" * 16)
    take_first_push(machine, "shop", NAME)

    with pytest.raises(BusyError, match="another push has just made `shop`"):
        take_first_push(machine, "shop", "f" * 16)

    assert Repo(machine.layout.app("shop").repo).git("rev-parse", "main") == commit


def test_a_first_push_is_refused_before_git_stores_it_when_no_port_is_free(
    machine: FakeMachine,
) -> None:
    apps = machine.layout.apps
    check_app(machine, "shop")
    for port in FRONTS:
        settings = machine.layout.app(f"app-{port}").settings
        settings.parent.mkdir()
        settings.write_text(f"port = {port}\n")
    before = sorted(apps.iterdir())

    with pytest.raises(UnavailableError, match="no port between 8000 and 8999 is free"):
        check_app(machine, "shop")

    assert sorted(apps.iterdir()) == before
    check_app(machine, "app-8000")


def test_an_app_that_can_t_be_made_leaves_nothing(machine: FakeMachine) -> None:
    def fail(verb: str) -> None:
        raise UnavailableError(f"{verb}: the disk is full")

    machine.checkout_worker.on_ask = fail

    with pytest.raises(UnavailableError):
        create_app(machine, "shop", port=free_port())

    assert not any(machine.layout.apps.glob("*shop*"))
    assert not (machine.layout.log / "shop").exists()


def test_what_was_there_before_an_app_that_can_t_be_made_stays(machine: FakeMachine) -> None:
    place = machine.layout.app("shop")
    place.shared.mkdir(parents=True)
    (place.shared / "photo.jpg").write_text("x")

    def fail(verb: str) -> None:
        raise UnavailableError(f"{verb}: the disk is full")

    machine.checkout_worker.on_ask = fail

    with pytest.raises(UnavailableError):
        create_app(machine, "shop", port=free_port())

    assert (place.shared / "photo.jpg").read_text() == "x"


def test_an_app_whose_making_was_killed_is_removed_by_reconcile(machine: FakeMachine) -> None:
    def die(_: str) -> None:
        raise Killed

    machine.checkout_worker.on_ask = die
    with pytest.raises(Killed):
        create_app(machine, "shop", port=free_port())
    machine.checkout_worker.on_ask = lambda _: None

    assert half_made(machine) == ["shop"]
    assert reconcile_all(machine, Watching())["shop"] == ["removed it: its making had been killed"]
    assert not any(machine.layout.apps.glob("*shop*"))
    assert half_made(machine) == []


@pytest.mark.parametrize("kept", ["shared/photo.jpg", "attempts.jsonl", "releases/v1/release.json"])
def test_an_app_that_lost_its_settings_and_has_more_is_never_removed(
    machine: FakeMachine, kept: str
) -> None:
    place = machine.layout.app("shop")
    (place.root / kept).parent.mkdir(parents=True)
    (place.root / kept).write_text("x")

    reconcile_all(machine, Watching())

    assert (place.root / kept).read_text() == "x"


def test_the_repo_of_a_first_push_is_there_for_as_long_as_it(tmp_path: Path) -> None:
    folder = tmp_path / "first-pushes"

    with first_push(folder) as repo:
        assert sweep_first_pushes(folder) == []
        assert (repo / "HEAD").read_text() == "ref: refs/heads/main\n"
        assert not (repo / "hooks").exists()
    assert list(folder.iterdir()) == []


def test_what_a_killed_first_push_left_is_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "first-pushes"
    program = (
        "import os, pathlib, sys\nfrom pushdeploy.apps.first_push import first_push\n"
        f"with first_push(pathlib.Path({str(folder)!r})): os.kill(os.getpid(), {signal.SIGKILL})"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    left = os.listdir(folder)

    assert len(left) == 1
    assert sweep_first_pushes(folder) == left
    assert os.listdir(folder) == []


@pytest.mark.parametrize("text", ["", "../apps/blog/repo.git", "0123456789abcdeF", f"{NAME}\n"])
def test_another_folder_can_t_be_named(text: str) -> None:
    with pytest.raises(RefusedInputError):
        parse_first_push(text)
