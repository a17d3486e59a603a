"""`rebuild`: one app, all of them, or only a list of what needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine.verbs.rebuild import AppPython, Pythons
from pushdeploy.errors import BusyError
from pushdeploy.model.ended import Ended, EndedAs

if TYPE_CHECKING:
    from tests.cli.conftest import Pushdeploy
    from tests.cli.engine import FakeEngine

LOST = "v3 was built for Python 3.11: `/usr/bin/python3.11` is gone"


def row(app: str, misfit: str | None = None, python: str = "3.11.2") -> AppPython:
    """What the engine says of one app."""
    return AppPython(
        app=app,
        release="v3",
        python=python,
        interpreter="/usr/bin/python3.11",
        misfit=misfit,
        server_python="3.13.5",
    )


def test_check_lists_what_needs_it_and_fails_if_something_does(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["rebuild.check"] = Pythons(
        (row("blog", LOST), row("shop"), row("wiki", python="3.13.5"))
    )

    said = pushdeploy("rebuild", "--check")

    assert said.status == 69
    assert LOST.replace("`", "") in " ".join(said.stdout.replace("`", "").split())
    assert "fits; the server's own is 3.13.5" in said.stdout


def test_check_succeeds_when_all_fit(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["rebuild.check"] = Pythons((row("blog"),))

    assert pushdeploy("rebuild", "--check").status == 0


def test_all_rebuilds_every_app_that_is_live(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["rebuild.check"] = Pythons((row("blog"), row("shop")))
    engine.answers["rebuild"] = Ended(EndedAs.LIVE, 0, 9, 4)

    said = pushdeploy("rebuild", "--all")

    assert said.status == 0
    asked = [one for one in engine.asked if one["verb"] == "rebuild"]
    assert [one["app"] for one in asked] == ["blog", "shop"]


def test_all_goes_on_after_a_failure_and_ends_with_its_status(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["rebuild.check"] = Pythons((row("blog"), row("shop")))
    engine.answers["rebuild"] = Ended(EndedAs.FAILED, 7, 9, text="no")

    said = pushdeploy("rebuild", "--all")

    assert said.status == 7
    assert len([one for one in engine.asked if one["verb"] == "rebuild"]) == 2


def test_an_app_that_can_t_be_rebuilt_holds_up_no_other(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["rebuild.check"] = Pythons((row("blog"), row("shop")))
    engine.answers["rebuild"] = BusyError("another job goes on")

    said = pushdeploy("rebuild", "--all")

    assert said.status == BusyError.exit_code
    assert "blog: another job goes on" in said.stderr
    assert "shop: another job goes on" in said.stderr


def test_all_and_one_app_exclude_each_other(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    said = pushdeploy("rebuild", "--all", "--app", "blog")

    assert said.status == 2
    assert [one for one in engine.asked if one["verb"] == "rebuild"] == []
