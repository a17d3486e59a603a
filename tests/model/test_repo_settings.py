"""One file of the repo says what people otherwise type, strictly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.explained import Explained, explain
from pushdeploy.model.formation import Formation
from pushdeploy.model.repo_root import rooted
from pushdeploy.model.repo_settings import (
    RepoSettings,
    from_record,
    parse_repo_settings,
    parse_root,
    scaled,
    to_record,
)
from pushdeploy.model.settings import AppSettings
from pushdeploy.model.static_mount import StaticMount

WHOLE = """
[project]
name = "blog"

[tool.pushdeploy]
domains = ["Blog.example.com", "www.example.com"]
storage = ["media/", "instance"]
scale = { worker = 2, web = 3 }
root = "services/web"
build = "make css"
groups = ["prod"]
web = "port"

[tool.pushdeploy.static]
"/media" = "shared/media"
"""
PARSED = RepoSettings(
    file="pyproject.toml",
    domains=("blog.example.com", "www.example.com"),
    storage=("instance", "media"),
    static=(StaticMount("/media", "shared/media"),),
    scale=(("web", 3), ("worker", 2)),
    root="services/web",
    build=("make css",),
    groups=("prod",),
    web="port",
)


def test_the_table_of_pyproject_is_read() -> None:
    assert parse_repo_settings("", WHOLE) == PARSED


def test_the_key_of_app_json_says_the_same() -> None:
    own = {key: value for key, value in to_record(PARSED).items() if key != "file"}

    found = parse_repo_settings(json.dumps({"name": "blog", "pushdeploy": own}), "")

    assert found == RepoSettings(**{**_fields(PARSED), "file": "app.json"})


def _fields(settings: RepoSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__slots__}


@pytest.mark.parametrize(
    ("app_json", "pyproject"),
    [
        ("", ""),
        ('{"name": "blog"}', ""),
        ("", '[project]\nname = "blog"\n'),
        ("", "this = is not toml"),
        ("", 'name = "pushdeploy"\ntool = 3\n'),
        ('{"pushdeploy": null}', '[tool.black]\nline = "pushdeploy"\n'),
    ],
)
def test_files_that_say_nothing_for_us_are_as_good_as_none(app_json: str, pyproject: str) -> None:
    assert parse_repo_settings(app_json, pyproject) == RepoSettings()


def test_two_files_with_settings_are_refused() -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_repo_settings('{"pushdeploy": {}}', "[tool.pushdeploy]\n")

    assert refusal.value.message == (
        "both `app.json` and `pyproject.toml` have settings for pushdeploy"
    )


@pytest.mark.parametrize(
    ("own", "complaint"),
    [
        ([], "at `pushdeploy`: expected an object"),
        ({"storrage": []}, "at `pushdeploy`: unknown key `storrage`"),
        ({"storage": "instance"}, "at `pushdeploy.storage`: expected a list"),
        ({"storage": ["../x"]}, "contains `..`"),
        ({"storage": ["a", "a/b"]}, "lies inside"),
        ({"web": "tcp"}, "expected `socket` or `port`, found `tcp`"),
        ({"web": 1}, "at `pushdeploy.web`: expected a text"),
        ({"domains": ["http://x.example.com"]}, "at `pushdeploy.domains[0]`: "),
        ({"domains": [1]}, "at `pushdeploy.domains[0]`: expected a text"),
        ({"domains": ["a.example.com"] * 101}, "101 values, the maximum is 100"),
        ({"static": {"/": "x"}}, "is not a URL prefix"),
        ({"scale": {"worker": -1}}, "at `pushdeploy.scale.worker`: expected a number"),
        ({"scale": {"web": 0}}, "at `pushdeploy.scale`: `web` can't be scaled to 0"),
        ({"scale": {"release": 2}}, "`release` can't be scaled"),
        ({"root": "../other"}, "`../other` is not a folder of the repo"),
        ({"build": [" "]}, "is not a command"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(own: object, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_repo_settings(json.dumps({"pushdeploy": own}), "")

    assert complaint in refusal.value.message
    assert refusal.value.hint


@pytest.mark.parametrize("value", ["2026-11-30", "07:32:00", "{ x = 1979-05-27 }", "inf"])
def test_what_json_does_not_know_is_refused_in_toml_too(value: str) -> None:
    with pytest.raises(RefusedInputError, match=r"at `tool\.pushdeploy\.scale"):
        parse_repo_settings("", f"[tool.pushdeploy]\nscale = {value}\n")


def test_a_pyproject_that_is_not_toml_is_refused_if_it_names_us() -> None:
    with pytest.raises(RefusedInputError, match=r"`pyproject\.toml` is not TOML"):
        parse_repo_settings("", "[tool.pushdeploy\n")


def test_the_folder_that_is_the_root_says_the_rest() -> None:
    files = {
        "app.json": '{"pushdeploy": {"root": "web"}}',
        "web/app.json": '{"pushdeploy": {"storage": ["media"]}}',
    }

    folder, found = rooted(files.get, "")

    assert (folder, found.root, found.storage) == ("web", "web", ("media",))
    assert rooted(files.get, "other") == ("other", RepoSettings())

    files["app.json"] = '{"pushdeploy": {"root": "web", "web": "port"}}'
    with pytest.raises(RefusedInputError, match="both the repo and its folder `web`"):
        rooted(files.get, "")


def test_what_was_read_is_recorded_and_read_again() -> None:
    assert from_record(to_record(PARSED)) == PARSED
    assert from_record(json.loads(json.dumps(to_record(PARSED)))) == PARSED
    assert from_record(to_record(RepoSettings())) == RepoSettings()


@given(
    st.dictionaries(
        st.sampled_from(["domains", "storage", "scale", "root", "static", "build", "web", "file"]),
        st.none() | st.integers() | st.text() | st.lists(st.text(), max_size=2),
    )
)
def test_any_record_is_read_or_refused(record: dict[str, object]) -> None:
    try:
        outcome: object = from_record(record)
    except RefusedInputError as refusal:
        outcome = refusal.hint

    assert outcome is not None


@pytest.mark.parametrize(("text", "root"), [("", ""), (".", ""), ("./a/", "a"), ("a/b", "a/b")])
def test_the_root_is_a_folder_of_the_repo(text: str, root: str) -> None:
    assert parse_root(text) == root


def test_what_people_chose_comes_before_what_the_repo_says() -> None:
    found = scaled(Formation({"worker": 5}), (("clock", 0), ("worker", 2)))

    assert dict(found.quantities) == {"clock": 0, "worker": 5}


def test_each_value_is_explained() -> None:
    settings = AppSettings(
        port=8000,
        formation=Formation({"worker": 5}),
        storage=("uploads",),
        domains=("blog.example.com", "old.example.com"),
        static=(StaticMount("/docs", "docs"),),
    )

    found = explain(settings, PARSED, ["web", "release", "worker", "clock"])

    assert found == (
        Explained("build", "make css", "pyproject.toml"),
        Explained("domains", "blog.example.com", "pyproject.toml"),
        Explained("domains", "old.example.com", "domains:add"),
        Explained("domains", "www.example.com", "pyproject.toml"),
        Explained("groups", "prod", "pyproject.toml"),
        Explained("root", "services/web", "pyproject.toml"),
        Explained("scale", "web=3", "pyproject.toml"),
        Explained("scale", "worker=5", "ps:scale"),
        Explained("scale", "clock=1", "default"),
        Explained("static", "/docs docs", "static:add"),
        Explained("static", "/media shared/media", "pyproject.toml"),
        Explained("static", "/static static", "default"),
        Explained("storage", "uploads", "storage:add"),
        Explained("storage", "instance", "pyproject.toml"),
        Explained("storage", "media", "pyproject.toml"),
        Explained("web", "port", "pyproject.toml"),
    )


def test_nothing_said_is_explained_too() -> None:
    found = explain(AppSettings(port=8000), RepoSettings(), ["web"])

    assert {one.source for one in found} == {"default"}
