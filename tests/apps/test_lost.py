"""What somebody deleted of an app: what the repo has is made again, and the rest is said."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import create_app
from pushdeploy.apps.restore import restore_repo
from pushdeploy.deploy.change_release import Change
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.release import Kind
from pushdeploy.watch.reconcile import reconcile_all
from tests.deploy.machine import APP, FakeMachine, Watching
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

REBUILD = Change(Kind.REBUILD, "Rebuild", fresh=True)

LOST = {
    "all releases": ("releases", "v2 has lost its record"),
    "the live release": ("releases/v2", "v2 has lost its record"),
    "its record": ("releases/v2/release.json", "v2 has lost its record"),
    "its config vars": ("releases/v2/environment", "v2 has lost its config vars"),
    "its start scripts": ("releases/v2/start", "v2 has lost a start script"),
    "its link to the code": ("releases/v2/code", "v2 has lost its code"),
    "all code": ("slugs", "v2 has lost its code"),
    "all venvs": ("venvs", "v2 has lost its venv"),
    "the mark of a venv": ("venvs/*/.complete", "v2 has lost its venv"),
}
"""What is deleted, and what is said of it; a release is built from the repo again."""


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine with v1, and v2 with a config var."""
    machine.push("one")
    machine.set_config(COLOR="blue")
    return machine


def delete(machine: FakeMachine, pattern: str) -> None:
    """By hand."""
    for path in machine.place.root.glob(pattern):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.mark.parametrize(("pattern", "said"), LOST.values(), ids=LOST)
@pytest.mark.parametrize("way", ["reconcile", "rebuild", "after a boot"])
def test_what_the_repo_has_is_built_again(
    live: FakeMachine, pattern: str, said: str, way: str
) -> None:
    delete(live, pattern)

    if way == "rebuild":
        assert live.change_release(REBUILD).exit_code == 0
    elif way == "reconcile":
        did = live.reconcile()
        assert said in did
        assert "built it again, as v3" in did
    else:
        live.supervisor.reboot()
        assert f"{APP}: {said}; it is built again next" in live.boot()
        live.reconcile()

    assert live.answer() == "v3"
    assert live.is_whole()
    assert live.records.environment().values == {"COLOR": "blue"}
    assert live.reconcile() == []


def test_the_link_to_what_is_live_is_made_again_and_nothing_else_happens(live: FakeMachine) -> None:
    before = live.running()
    live.place.current.unlink()

    did = live.reconcile()

    assert did == [f"made the link {live.place.current} to v2 again"]
    assert (live.answer(), live.running()) == ("v2", before)


def test_the_next_push_goes_live_from_what_is_left(live: FakeMachine) -> None:
    delete(live, "releases")

    ended = live.push("two")

    assert ended.exit_code == 0
    assert live.answer() == "v3"
    assert live.records.environment().values == {"COLOR": "blue"}


def test_a_commit_that_is_live_stays_so_when_it_has_lost_its_record(live: FakeMachine) -> None:
    delete(live, "releases/v2")

    ended = live.converge(Occasion.TIMER)

    assert (ended.outcome, ended.attempt) == ("nothing", None)


def test_what_can_not_be_built_again_says_what_helps(live: FakeMachine) -> None:
    delete(live, "releases")
    live.place.pending_environment.unlink()

    did = live.reconcile()

    (said,) = did
    assert said.startswith("failed: v2 has lost its record; v2 of `blog` can't be rebuilt: ")
    assert said.endswith("its config vars are no longer known (pushdeploy deploy --app blog)")
    assert live.deploy().exit_code == 0
    assert live.answer() == "v3"


def test_a_repo_that_is_gone_is_made_again_and_what_is_live_stays(live: FakeMachine) -> None:
    delete(live, "repo.git")

    did = live.reconcile()

    (said,) = (one for one in did if "repo.git" in one and "empty" in one)
    assert said.endswith("to fill it: git push production main")
    assert live.answer() == "v2"
    assert restore_repo(live, APP) == []
    assert live.push("two").exit_code == 0


def test_an_app_without_settings_is_named_and_comes_back_with_its_release(
    live: FakeMachine,
) -> None:
    port = live.records.settings().port
    live.place.settings.unlink()

    (said,) = reconcile_all(live, Watching())[APP]
    create_app(live, APP, port=free_port())

    assert said.startswith("failed: its settings.toml is gone")
    assert said.endswith(f"or: pushdeploy apps:create {APP})")
    assert live.records.settings().port != port
    live.reconcile()
    assert live.answer() == "v2"


def test_storage_is_not_made_where_a_link_of_the_app_leads(
    machine: FakeMachine, tmp_path: Path
) -> None:
    machine.push("one", storage=("media/uploads",))
    media = machine.place.shared / "media"
    (media / "uploads").rmdir()
    media.rmdir()
    media.symlink_to(tmp_path)

    with pytest.raises(RefusedInputError, match="storage can't be created: `shared/media/uploads`"):
        machine.reconcile()

    assert not list(tmp_path.iterdir())


def test_storage_that_is_gone_is_made_again_and_said_to_be_empty(machine: FakeMachine) -> None:
    machine.push("one", storage=("instance",))
    folder: Path = machine.place.shared / "instance"
    folder.rmdir()

    did = machine.reconcile()

    (said,) = did
    assert said.startswith("made shared/instance again, empty; restore it from a backup")
    assert said.endswith(f"pushdeploy restart --app {APP}")
    assert folder.is_dir()
