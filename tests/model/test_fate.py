"""Whether a deploy is due after a push: never of a commit that it did not bring."""

from __future__ import annotations

import pytest

from pushdeploy.model.fate import KEPT, REFUSED, STORED, TOLD, Fate

NEW, OLD = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("notes", "status", "received", "tip", "due"),
    [
        ((), 0, False, OLD, True),
        ((), 0, True, OLD, False),
        ((), 128, False, OLD, False),
        ((), -9, True, OLD, False),
        ((REFUSED,), 0, True, OLD, False),
        ((KEPT,), 0, True, OLD, False),
        ((NEW,), 0, True, OLD, False),
        ((NEW,), -9, True, OLD, False),
        ((NEW,), 0, True, NEW, True),
        ((NEW,), -9, True, NEW, True),
        ((NEW,), 0, True, None, True),
        ((NEW, STORED), 0, True, OLD, True),
        ((NEW, STORED), -15, True, OLD, True),
    ],
    ids=[
        *("up to date", "refused by git before our hook", "a broken connection"),
        *("killed while it received", "refused", "tags", "the ref was refused"),
        *("killed before the ref", "the hook was killed", "killed after the ref", "packed"),
        *("superseded", "superseded and killed"),
    ],
)
def test_a_deploy_is_due(
    notes: tuple[str, ...],
    status: int,
    received: bool,  # noqa: FBT001
    tip: str | None,
    due: bool,  # noqa: FBT001
) -> None:
    assert Fate(notes, status, received).calls_for_deploy(tip) is due


@pytest.mark.parametrize(
    ("notes", "told"),
    [((), None), ((NEW, STORED), None), ((NEW, STORED, f"{TOLD}0"), 0), ((NEW, f"{TOLD}6"), 6)],
)
def test_the_exit_status_that_a_person_was_told_is_the_push_s(
    notes: tuple[str, ...], told: int | None
) -> None:
    fate = Fate(notes, 0, received_objects=True)

    assert fate.told == told
    assert fate.commit in ("", NEW)


@pytest.mark.parametrize(
    ("notes", "status", "received", "due", "taken"),
    [
        ((REFUSED,), 0, True, False, True),
        ((KEPT,), 0, True, False, True),
        ((NEW,), 0, True, False, False),
        ((NEW,), 0, True, True, True),
        ((), 128, False, False, False),
        ((), 0, False, True, False),
    ],
    ids=["refused by us", "tags", "refused by git", "stored", "broken off", "up to date"],
)
def test_a_push_that_git_refused_by_itself_was_not_taken(
    notes: tuple[str, ...],
    status: int,
    received: bool,  # noqa: FBT001
    due: bool,  # noqa: FBT001
    taken: bool,  # noqa: FBT001
) -> None:
    assert Fate(notes, status, received).was_taken(due=due) is taken
