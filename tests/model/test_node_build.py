"""A build by Node: which script, whose lock, and the lines that are run."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.node_build import (
    NO_NODE,
    NodeBuild,
    needs_node_to_run,
    node_commands,
    parse_node_build,
    read_package_json,
)

BUILD = {"scripts": {"build": "vite build"}}


def read(package: object, *locks: str) -> NodeBuild:
    """What a package.json with these locks beside it asks for."""
    return read_package_json(json.dumps(package), set(locks))


@pytest.mark.parametrize(
    ("locks", "programs", "commands"),
    [
        (["package-lock.json"], ["npm"], ("npm ci --include=dev", "npm run build")),
        ([], ["npm"], ("npm install --include=dev", "npm run build")),
        (
            ["pnpm-lock.yaml", "package-lock.json"],
            ["npm"],
            ("npx --yes pnpm@10 install --frozen-lockfile", "npx --yes pnpm@10 run build"),
        ),
        (
            ["pnpm-lock.yaml"],
            ["npm", "pnpm"],
            ("pnpm install --frozen-lockfile", "pnpm run build"),
        ),
        (
            ["yarn.lock"],
            ["npm"],
            ("npx --yes yarn@1 install --frozen-lockfile", "npx --yes yarn@1 run build"),
        ),
    ],
)
def test_the_lock_says_who_installs(
    locks: list[str], programs: list[str], commands: tuple[str, str]
) -> None:
    assert node_commands(read(BUILD, *locks), programs) == commands


@pytest.mark.parametrize(
    ("asked", "lock", "begins"),
    [
        ("pnpm@9.1.0", "pnpm-lock.yaml", "npx --yes pnpm@9.1.0 install"),
        ("pnpm@9.1.0+sha512.abc", "pnpm-lock.yaml", "npx --yes pnpm@9.1.0 install"),
        ("yarn@4.5.3", "yarn.lock", "npx --yes --package=@yarnpkg/cli-dist@4.5.3 yarn install"),
        ("yarn@4.5.3", "pnpm-lock.yaml", "npx --yes pnpm@10 install"),
        ("yarn@4; rm -rf /", "yarn.lock", "npx --yes yarn@1 install"),
    ],
)
def test_the_version_that_package_json_asks_for_is_taken(
    asked: str, lock: str, begins: str
) -> None:
    node = read({**BUILD, "packageManager": asked}, lock)

    assert node_commands(node, ["npm", "yarn"] if "; " not in asked else ["npm"])[0].startswith(
        begins
    )


def test_herokus_script_comes_first() -> None:
    both = {"scripts": {"build": "x", "heroku-postbuild": "y"}}

    assert node_commands(read(both), ["npm"])[1] == "npm run heroku-postbuild"


@pytest.mark.parametrize("package", [{}, [], {"scripts": {"test": "x"}}, {"scripts": 1}, None])
def test_without_a_build_script_nothing_is_built(package: object) -> None:
    assert read(package) == NO_NODE


@given(st.text(max_size=60))
def test_any_text_is_a_package_json_or_nothing_to_build(text: str) -> None:
    assert read_package_json(text, set()).script in ("", "build", "heroku-postbuild")


@pytest.mark.parametrize(
    "change", [{"script": "evil"}, {"manager": "sh"}, {"version": "1; x"}, {"version": "1\n"}]
)
def test_what_the_checkout_says_is_parsed_again(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is no"):
        parse_node_build({**asdict(NodeBuild("build")), **change})


def test_what_the_checkout_says_is_read_back() -> None:
    node = NodeBuild("build", "yarn", locked=True, version="4.5.3")

    assert parse_node_build(asdict(node)) == node


def test_a_procfile_that_runs_node_needs_its_packages() -> None:
    assert needs_node_to_run("web: gunicorn app:app\nssr: node dist/server.js\n")
    assert not needs_node_to_run("web: gunicorn nodes.wsgi\n")
