"""What of a push is refused, and with which hint."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.push import (
    PushPlan,
    RefUpdate,
    named,
    parse_updates,
    plan_push,
    refused_tag,
)

OLD, NEW = "0" * 40, "1" * 40


def test_deleting_the_deploy_branch_is_answered_with_how_to_choose_another() -> None:
    deletion = RefUpdate("1" * 40, "0" * 40, "refs/heads/main")

    with pytest.raises(RefusedInputError, match="it is the deploy branch") as refused:
        plan_push([deletion], "main")

    hint = "pushdeploy git:set deploy-branch NAME chooses another branch first"
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("branch", "new", "later"),
    [
        ("", "blog", "pushdeploy apps:create blog; pushdeploy git:set deploy-branch trunk"),
        ("", "", "pushdeploy git:set deploy-branch trunk"),
        ("main", "", "pushdeploy git:set deploy-branch trunk"),
    ],
)
def test_another_branch_is_chosen_by_commands_that_work_now(
    branch: str, new: str, later: str
) -> None:
    update = RefUpdate("0" * 40, "1" * 40, "refs/heads/trunk")

    with pytest.raises(RefusedInputError) as refused:
        plan_push([update], branch, new)

    hint = f"git push production trunk:main, or from now on: {later}"
    assert refused.value.hint == hint


ANNOTATED = RefUpdate("0" * 40, "2" * 40, "refs/tags/main")


@pytest.mark.parametrize("branch", ["", "main"])
def test_a_tag_may_not_be_called_as_the_deploy_branch_is(branch: str) -> None:
    with pytest.raises(RefusedInputError, match="git made that a tag called `main`") as refused:
        plan_push([ANNOTATED], branch)

    assert refused.value.hint == "git push production 'TAG^{}:refs/heads/main'"


def test_a_tag_called_as_another_branch_is_kept() -> None:
    assert plan_push([ANNOTATED], "master").deployed is None


def test_such_a_tag_can_be_deleted() -> None:
    deletion = RefUpdate("2" * 40, "0" * 40, "refs/tags/main")

    assert plan_push([deletion], "main").deployed is None


@pytest.mark.parametrize(
    ("name", "typed"), [("v1.0", "v1.0"), ("$(reboot)", "TAG"), ("-x", "TAG"), ("a'b", "TAG")]
)
def test_the_command_that_pushes_a_tag_s_commit_can_be_typed(name: str, typed: str) -> None:
    refusal = refused_tag(name, "main")

    assert f"`{name}` is an annotated tag" in refusal.message
    assert refusal.hint == f"git push production '{typed}^{{}}:refs/heads/main'"


def test_a_first_push_deploys_main_before_master_and_neither_that_it_deletes() -> None:
    main, master = (RefUpdate(OLD, NEW, f"refs/heads/{name}") for name in ("main", "master"))
    gone = RefUpdate(NEW, OLD, "refs/heads/main")

    assert plan_push([master, main], "") == PushPlan(main, (master,))
    assert plan_push([gone, master], "") == PushPlan(master, (gone,))


def test_what_a_push_brings_is_read_line_by_line() -> None:
    assert parse_updates(f"{OLD} {NEW} refs/heads/a b\n{NEW} {OLD} refs/tags/v1\n") == [
        RefUpdate(OLD, NEW, "refs/heads/a b"),
        RefUpdate(NEW, OLD, "refs/tags/v1"),
    ]


def test_of_many_refused_refs_the_number_is_told() -> None:
    refs = tuple(RefUpdate(OLD, NEW, f"refs/heads/b{number}") for number in range(6))

    assert named(refs) == "`b0`, `b1`, `b2`, `b3` and 2 more"
    assert named(refs[:2]) == "`b0`, `b1`"
