"""A formation keeps its bounds, and `web` counts gunicorn's workers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.formation import Change, Formation, parse_scale


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("web=4", Change("web", 4)),
        ("web=auto", Change("web", None)),
        ("worker=0", Change("worker", 0)),
        ("worker=100", Change("worker", 100)),
        ("worker+1", Change("worker", 1, relative=True)),
        ("worker-2", Change("worker", -2, relative=True)),
        ("send-mail=2", Change("send-mail", 2)),
        ("send-mail-2", Change("send-mail", -2, relative=True)),
        ("web-1", Change("web", -1, relative=True)),
    ],
)
def test_an_argument_says_what_to_scale(argument: str, change: Change) -> None:
    assert parse_scale([argument]) == (change,)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["worker"], "`worker` does not say what to scale"),
        (["worker="], "does not say what to scale"),
        (["worker=two"], "does not say what to scale"),
        (["worker=-1"], "does not say what to scale"),
        (["worker=1.5"], "does not say what to scale"),
        (["worker=\u0661"], "does not say what to scale"),
        (["worker+auto"], "does not say what to scale"),
        (["=2"], "does not say what to scale"),
        (["a b=2"], "does not say what to scale"),
        ([""], "`` does not say"),
        (["web=0"], "without it nothing answers requests"),
        (["web=101"], "`web` can't be scaled to 101"),
        (["worker=101"], "`worker` can't be scaled to 101"),
        (["worker=auto"], "can't be automatic"),
        (["release=1"], "it runs once in each deploy"),
        (["release+1"], "it runs once in each deploy"),
        (["a=1", "b=1", "a+1"], "`a` is named twice"),
    ],
)
def test_another_argument_is_refused(arguments: list[str], complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_scale(arguments)

    assert complaint in refusal.value.message
    assert refusal.value.hint


def test_scaling_leaves_the_first_formation_as_it_was() -> None:
    first = Formation({"web": 2, "worker": 1})

    scaled = first.scaled(parse_scale(["worker+2", "web-1", "clock=0"]))

    assert scaled == Formation({"clock": 0, "web": 1, "worker": 3})
    assert first == Formation({"web": 2, "worker": 1})


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("worker-2", "`worker` can't be scaled to -1"),
        ("worker+100", "`worker` can't be scaled to 101"),
        ("web-2", "without it nothing answers"),
    ],
)
def test_a_change_out_of_the_bounds_is_refused(argument: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Formation({"web": 2, "worker": 1}).scaled(parse_scale([argument]))


def test_nothing_can_be_added_to_an_automatic_number() -> None:
    with pytest.raises(UsageError, match="is automatic"):
        Formation().scaled(parse_scale(["web+1"]))


@pytest.mark.parametrize("name", ["migrate", "console", "Seed", "db-migrate", "init_db"])
def test_what_ends_by_itself_does_not_run_until_somebody_says_so(name: str) -> None:
    assert Formation().instances(name) == 0
    assert Formation().scaled([Change(name, 1, relative=True)]).instances(name) == 1
    assert Formation({name: 2}).instances(name) == 2


def test_a_type_that_is_not_named_runs_once() -> None:
    formation = Formation({"web": 4, "clock": 0})

    assert formation.instances("web") == 1
    assert formation.instances("worker") == 1
    assert formation.instances("clock") == 0
    assert formation.instances("release") == 0
    assert formation.scaled([Change("worker", 1, relative=True)]).instances("worker") == 2


@given(st.lists(st.from_regex(r"(web|worker|clock)(=|\+|-)\d{1,3}", fullmatch=True)))
def test_no_arguments_lead_out_of_the_bounds(arguments: list[str]) -> None:
    try:
        formation = Formation({"web": 2}).scaled(parse_scale(arguments))
    except UsageError:
        return

    assert 1 <= (formation.web_workers or 0) <= 100
    assert all(0 <= formation.instances(name) <= 100 for name in formation.quantities)
