"""The history finds the way back, and never leads to and fro."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.history import Change, History, read_history, releases_to_keep


def history(*steps: str) -> History:
    """Deploys and rollbacks in order: `v1`, `v2`, `back 1`."""
    changes: list[Change] = []
    for step in steps:
        kind = "rollback" if step.startswith("back ") else "deploy"
        previous = changes[-1].release if changes else None
        changes.append(Change(int(step.strip("back v")), previous, kind, "ada", 0.0))
    return History(tuple(changes))


ALL = range(1, 100)


def test_the_way_back_leads_to_what_was_live_before() -> None:
    assert history("v1", "v2", "v3").previous(ALL) == 2


def test_after_a_rollback_the_way_leads_further_back() -> None:
    assert history("v1", "v2", "v3", "back 2").previous(ALL) == 1


def test_a_deploy_after_a_rollback_comes_back_to_where_the_rollback_went() -> None:
    assert history("v1", "v2", "back 1", "v3").previous(ALL) == 1


def test_the_first_release_has_no_way_back() -> None:
    assert history("v1").previous(ALL) is None
    assert history().previous(ALL) is None


def test_a_rollback_far_back_leaves_out_what_lay_between() -> None:
    assert history("v1", "v2", "v3", "back 1").previous(ALL) is None


def test_a_release_that_is_gone_is_passed_over() -> None:
    assert history("v1", "v2", "v3").previous([1, 3]) == 1


def test_undoing_a_rollback_restores_the_way() -> None:
    assert history("v1", "v2", "v3", "back 2", "back 3").previous(ALL) == 2
    assert history("v1", "v2", "back 1", "back 2").previous(ALL) == 1
    assert history("v1", "v2", "v3", "back 1", "back 2").previous(ALL) == 1


def test_what_was_rolled_back_from_on_the_way_stays_left_out_when_the_end_is_restored() -> None:
    assert history("v1", "v2", "v3", "back 2", "back 1", "back 3").previous(ALL) == 1


def test_a_release_made_live_again_is_no_longer_one_that_was_rolled_back_from() -> None:
    assert history("v1", "v2", "back 1").rolled_back_from() == {2}
    assert history("v1", "v2", "back 1", "back 2").rolled_back_from() == set()


@st.composite
def histories(draw: st.DrawFn) -> History:
    """What people can do: deploy, roll back to any release that was live."""
    steps: list[str] = []
    deployed = 0
    for _ in range(draw(st.integers(0, 14))):
        if deployed and draw(st.booleans()):
            steps.append(f"back {draw(st.integers(1, deployed))}")
        else:
            deployed += 1
            steps.append(f"v{deployed}")
    cleaned = [
        step
        for index, step in enumerate(steps)
        if index == 0 or number(steps[index - 1]) != number(step)
    ]
    return history(*cleaned)


def number(step: str) -> int:
    """The release of a step."""
    return int(step.strip("back v"))


@given(histories(), st.sets(st.integers(1, 15)))
def test_the_way_back_never_leads_to_what_is_live_or_was_rolled_back_from(
    past: History, present: set[int]
) -> None:
    target = past.previous(present)

    assert target is None or target in present
    assert target is None or target != past.live
    assert target not in past.rolled_back_from()
    assert target is None or target in past.once_live()


@given(histories())
def test_going_back_again_and_again_visits_nothing_twice_and_ends(past: History) -> None:
    visited = [past.live]
    while (target := past.previous(ALL)) is not None:
        assert target not in visited
        visited.append(target)
        back = Change(target, past.live, "rollback", "ada", 0.0)
        past = History((*past.changes, back))

    assert len(visited) <= 16


@given(histories())
def test_undoing_a_bare_rollback_leads_to_the_same_way_back(past: History) -> None:
    target = past.previous(ALL)
    if target is None:
        return
    there = Change(target, past.live, "rollback", "ada", 0.0)
    assert past.live is not None
    back = Change(past.live, target, "rollback", "ada", 0.0)

    undone = History((*past.changes, there, back))

    assert undone.previous(ALL) == target


def test_lines_fold_into_changes_an_intent_and_what_is_warm() -> None:
    lines = [
        {"intent": 1, "previous": None, "kind": "deploy", "who": "ada", "at": 1.5},
        {"settled": 1},
        {"intent": 2, "previous": 1, "kind": "deploy", "who": "bob", "at": 2.5},
        {"settled": 2},
        {"warm": 1, "until": 600.0},
        {"intent": 3, "previous": 2, "kind": "config", "who": "bob", "at": 3.5},
        {"dropped": 3},
        {"intent": 4, "previous": 2, "kind": "deploy", "who": "bob", "at": 4.5},
    ]

    past = read_history(lines)

    assert past.changes == (
        Change(1, None, "deploy", "ada", 1.5),
        Change(2, 1, "deploy", "bob", 2.5),
    )
    assert past.intent == Change(4, 2, "deploy", "bob", 4.5)
    assert past.warm == {1: 600.0}
    assert past.live == 2


def test_a_release_that_is_live_again_or_cold_is_no_longer_warm() -> None:
    lines: list[dict[str, object]] = [
        {"warm": 1, "until": 600.0},
        {"warm": 2, "until": 600.0},
        {"cold": 2},
        {"intent": 1, "previous": 3, "kind": "rollback"},
        {"settled": 1},
    ]

    assert read_history(lines).warm == {}


def test_lines_of_another_version_are_passed_over() -> None:
    assert read_history([{"hello": 1}, {}, {"settled": 9}]) == History()


def test_the_latest_to_be_live_comes_last_and_each_once() -> None:
    assert history("v1", "v2", "v3", "back 1").once_live() == [2, 3, 1]


def test_failed_releases_never_push_out_good_ones() -> None:
    past = history(*(f"v{number}" for number in range(1, 8)))

    keep = releases_to_keep(past, range(1, 500), codes={}, newest_failed=1, kept=5)

    assert keep == {3, 4, 5, 6, 7, 499}


def test_live_warm_and_half_switched_releases_are_kept_however_old() -> None:
    past = history(*(f"v{number}" for number in range(1, 9)), "back 1")
    past = History(past.changes, Change(2, 1, "rollback", "ada", 0.0), {3: 600.0})

    keep = releases_to_keep(past, range(1, 9), codes={}, newest_failed=1, kept=2)

    assert keep == {1, 2, 3, 8}


def test_changes_of_config_vars_leave_the_former_code_within_reach() -> None:
    releases = range(1, 9)
    lines: list[dict[str, object]] = []
    for number in releases:
        lines += [{"intent": number, "previous": number - 1 or None}, {"settled": number}]
    codes = {1: "first", 2: "second"} | dict.fromkeys(range(3, 9), "third")

    keep = releases_to_keep(read_history(lines), releases, codes=codes, newest_failed=1, kept=3)

    assert keep == {1, 2, 6, 7, 8}


def test_code_that_came_back_counts_from_when_it_was_live_last() -> None:
    past = history(*(f"v{number}" for number in range(1, 6)))
    codes = {1: "first", 2: "second", 3: "third", 4: "first", 5: "first"}

    keep = releases_to_keep(past, range(1, 6), codes=codes, newest_failed=1, kept=2)

    assert keep == {3, 4, 5}


def test_no_failed_release_is_kept_when_none_is_wanted() -> None:
    keep = releases_to_keep(history("v1"), range(1, 5), codes={}, newest_failed=0, kept=2)

    assert keep == {1}


def test_a_switch_is_read_with_all_that_was_noted_of_it() -> None:
    noted = {"intent": 3, "previous": 2, "kind": "config", "who": "ada", "at": 5.5, "stands_for": 2}

    assert read_history([noted]).intent == Change(3, 2, "config", "ada", 5.5, stands_for=2)
    assert read_history([{"intent": 1, "previous": None}]).intent == Change(
        1, None, "deploy", "", 0
    )
