"""The registry: every verb once, each with one right, and answers that are classes."""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from inspect import signature
from types import UnionType
from typing import Any, get_args, get_origin

import pytest

from pushdeploy.engine.asked import Asked, Caller
from pushdeploy.engine.registry import Registry
from pushdeploy.errors import NotAllowedError
from pushdeploy.model.rights import Right

RIGHTS = {
    Right.LOOK: {
        *("apps", "ps", "releases", "releases.info", "releases.output", "rebuild.check", "logs"),
        *("storage", "domains", "certs", "nginx", "static", "bare", "room", "python"),
        *("maintenance", "watchdog", "config.explain", "pg", "pg.server", "cron", "cron.runs"),
        *("redis", "redis.server", "notify", "mysql", "mysql.server"),
    },
    Right.DEPLOY: {
        "converge",
        "deploy",
        "rollback",
        "restart",
        "rebuild",
        "git.fetch",
        "apps.check",
    },
    Right.CONFIGURE: {
        *(
            "config",
            "config.set",
            "config.unset",
            "ps.scale",
            "storage.add",
            "storage.remove",
            "apps.set",
        ),
        *("git.set", "git.gc", "builds.clear_cache", "watchdog.set", "pg.create", "redis.create"),
        *("cron.suspend", "cron.resume", "mysql.create"),
    },
    Right.RUN: {"run", "cron.run", "pg.psql", "pg.dump", "pg.restore"}
    | {"mysql.cli", "mysql.dump", "mysql.restore"},
    Right.PROXY: {
        *("domains.add", "domains.remove", "certs.auto", "certs.add", "certs.remove"),
        *("nginx.set", "static.add", "static.remove", "maintenance.set"),
    },
    Right.APPS: {"apps.create", "apps.destroy", "pg.destroy", "redis.destroy", "mysql.destroy"},
    Right.SERVER: {
        *("notify.add", "notify.remove", "notify.test"),
        *("keys", "keys.add", "keys.remove", "firewall", "firewall.plan", "firewall.enable"),
        *(
            "bare.set",
            "python.install",
            "python.auto",
            "apt.set",
            "certs.renewed",
            "reconcile",
            "watchdog.found",
            "pg.install",
            *("backup.set", "backup.create", "backup.list", "backup.restore"),
            *("backup.schedule", "backup.verify", "backup.prune"),
            "redis.install",
            "mysql.install",
        ),
    },
}
"""What each right is for: to change it, change it here too."""

PLAIN = (str, int, float, bool, object)

VERBS = sorted(Registry())


def leaves(kind: Any) -> set[type]:
    """Every class that a value of this type is made of."""
    if get_origin(kind) in (typing.Union, UnionType, tuple):
        return set().union(*(leaves(one) for one in get_args(kind) if one is not Ellipsis))
    if get_origin(kind) is dict:
        key, value = get_args(kind)
        assert key is str
        return leaves(value)
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        inner = (leaves(hints[one.name]) for one in fields(kind))
        return {typing.cast("type", kind)}.union(*inner)
    return {kind}


def test_every_verb_has_the_right_that_is_written_here() -> None:
    found: dict[Right, set[str]] = {right: set() for right in Right}
    for one in Registry().values():
        found[one.right].add(one.name)

    assert found == RIGHTS


@pytest.mark.parametrize("name", VERBS)
def test_whoever_lacks_the_right_of_a_verb_may_do_all_but_that(name: str) -> None:
    right = Registry()[name].right
    others = frozenset(Right) - {right}

    Caller("ada", frozenset({right})).refuse_without(right)
    with pytest.raises(NotAllowedError, match=f"`ada` may not {right}"):
        Caller("ada", others).refuse_without(right)


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_lies_where_its_name_says(name: str) -> None:
    noun = name.partition(".")[0]

    assert Registry()[name].run.__module__ == f"pushdeploy.engine.verbs.{noun}"


def test_a_name_stands_for_one_verb() -> None:
    assert len(VERBS) == len(set(VERBS)) == len(Registry())


@pytest.mark.parametrize("name", VERBS)
def test_an_answer_is_a_class_that_does_not_change(name: str) -> None:
    answer = Registry()[name].answer

    assert is_dataclass(answer)
    for kind in leaves(answer) - {type(None)}:
        if is_dataclass(kind):
            assert kind.__dataclass_params__.frozen, kind  # type: ignore[attr-defined]
        else:
            assert kind in PLAIN or issubclass(kind, Enum), kind


@pytest.mark.parametrize("name", VERBS)
def test_what_a_verb_is_told_has_names_and_plain_types(name: str) -> None:
    run = Registry()[name].run
    hints = typing.get_type_hints(run, localns={"Asked": Asked})
    asked, *told = signature(run).parameters.values()

    assert hints[asked.name] is Asked
    for one in told:
        assert one.kind is one.KEYWORD_ONLY, one
        assert leaves(hints[one.name]) <= {str, int, bool, type(None)}, one


def test_nothing_but_events_of_a_log_is_left_without_a_type() -> None:
    untyped = {
        one.name
        for one in Registry().values()
        if object in leaves(one.answer) or typing.Any in leaves(one.answer)
    }

    assert untyped == {"releases.output"}


@pytest.mark.parametrize("name", ["fly", "ps.fly", "__init__", "ps.ps", "os", "../ps", "", "ps."])
def test_what_is_no_verb_is_not_found(name: str) -> None:
    with pytest.raises(KeyError):
        Registry()[name]
