"""A hint's commands can be typed as they stand: with the app, and from where the person sits."""

from __future__ import annotations

import pytest

from pushdeploy.errors import UsageError
from pushdeploy.model.typed_command import name_app, over_ssh, with_app
from pushdeploy.model.viewpoint import Viewpoint, login


@pytest.mark.parametrize(
    ("hint", "named"),
    [
        ("pushdeploy ps:scale web=4", "pushdeploy ps:scale --app blog web=4"),
        ("List them with `pushdeploy config`.", "List them with `pushdeploy config --app blog`."),
        ("df -h; pushdeploy releases shows it", "df -h; pushdeploy releases --app blog shows it"),
        ("pushdeploy logs -p web --app shop", "pushdeploy logs -p web --app shop"),
        (
            "pushdeploy domains:add x.org, or: pushdeploy bare:unset",
            "pushdeploy domains:add --app blog x.org, or: pushdeploy bare:unset",
        ),
        (
            "pushdeploy config:get A, then pushdeploy logs --app shop",
            "pushdeploy config:get --app blog A, then pushdeploy logs --app shop",
        ),
        ("pushdeploy reconcile", "pushdeploy reconcile"),
        ("pushdeploy apps:create shop", "pushdeploy apps:create shop"),
        ("pushdeploy itself failed", "pushdeploy itself failed"),
        ("git push production main", "git push production main"),
    ],
)
def test_each_command_of_an_app_names_it(hint: str, named: str) -> None:
    assert with_app(hint, "blog") == named
    assert with_app(named, "blog") == named


def test_the_hint_of_an_error_names_the_app_when_one_is_known() -> None:
    about, about_none = (UsageError("no", hint="pushdeploy ps") for _ in range(2))

    name_app(about, "blog")
    name_app(about_none, None)

    assert about.hint == "pushdeploy ps --app blog"
    assert about_none.hint == "pushdeploy ps"


@pytest.mark.parametrize(
    ("hint", "typed"),
    [
        ("push again; pushdeploy logs --app blog", "push again; ssh deploy@S logs --app blog"),
        ("sudo pushdeploy reconcile", "ssh deploy@S reconcile"),
        ("pushdeploy --help", "ssh deploy@S --help"),
        ("pushdeploy keys:add alice ~/alice.pub", "ssh deploy@S keys:add alice - < ~/alice.pub"),
        ("pushdeploy keys:add ~/.ssh/a.pub", "ssh deploy@S keys:add - < ~/.ssh/a.pub"),
        (
            "pushdeploy certs:add CHAIN KEY --app blog",
            "on the server: sudo pushdeploy certs:add CHAIN KEY --app blog",
        ),
        (
            "on the server: sudo pushdeploy apt:allow --app blog",
            "on the server: sudo pushdeploy apt:allow --app blog",
        ),
        ("sudo pushdeploy backup:set /mnt", "on the server: sudo pushdeploy backup:set /mnt"),
        ("pushdeploy itself failed", "pushdeploy itself failed"),
        ("journalctl -u 'pushdeploy.engine@*'", "journalctl -u 'pushdeploy.engine@*'"),
    ],
)
def test_who_has_only_a_key_types_it_by_ssh(hint: str, typed: str) -> None:
    assert over_ssh(hint, "ssh deploy@S") == typed
    assert over_ssh(typed, "ssh deploy@S") == typed


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Viewpoint("203.0.113.5"), "ssh deploy@203.0.113.5"),
        (Viewpoint("203.0.113.5", "2222"), "ssh -p 2222 deploy@203.0.113.5"),
        (Viewpoint("10.0.0.5", behind=True), "ssh deploy@SERVER"),
        (Viewpoint("2606:4700::2"), "ssh deploy@2606:4700::2"),
    ],
)
def test_the_login_is_the_one_that_reached_the_server(seen: Viewpoint, words: str) -> None:
    assert login(seen) == words
