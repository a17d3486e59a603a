"""What a backup in a list says of itself, and which one is meant."""

from __future__ import annotations

import json

import pytest

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.backup_snapshots import (
    Snapshot,
    choose,
    of_server,
    parse_snapshot,
    parse_snapshots,
    tags,
)

NOW = 1_000_000.0
DAY = 86400.0


def test_a_list_of_restic_is_read_and_what_is_not_ours_passed_over() -> None:
    ours = {
        "id": "1d3307f1413ffee9",
        "time": "2026-11-30T07:04:27.196329727Z",
        "hostname": "vm",
        "tags": ["pushdeploy", "bytes=12", "app=shop", "app=blog", "left=forum"],
    }
    (found,) = parse_snapshots(json.dumps([{**ours, "tags": None}, ours]))

    assert (found.id, found.host, found.apps, found.size) == (
        "1d3307f1",
        "vm",
        ("blog", "shop"),
        12,
    )
    assert found.left == ("forum",)
    assert int(found.at) == 1796022267
    assert parse_snapshots("null") == ()
    with pytest.raises(RefusedInputError):
        parse_snapshots("{}x")


@pytest.mark.parametrize("text", ["--help", "1d33", "Latest", "1d3307f1 x", ""])
def test_what_is_no_number_of_a_backup_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_snapshot(text)


def made(number: str, days_ago: float, host: str = "one", *apps: str) -> Snapshot:
    """A backup."""
    return Snapshot(number * 8, NOW - days_ago * DAY, host, apps or ("blog",), (), 1)


def chosen(found: list[Snapshot], wanted: str = "latest", app: str = "", server: str = "") -> str:
    """The first digit of the one that is meant, on the server `one`."""
    return choose(found, wanted, app=app, server=server, here="one", now=NOW).id[0]


def test_the_newest_of_this_server_is_meant() -> None:
    found = [made("1", 3), made("2", 2), made("3", 1, "two")]

    assert chosen(found) == "2"
    assert chosen(found, server="two") == "3"
    assert chosen(found, "33333333") == "3"
    assert of_server(found, "two") == (found[2],)


def test_a_server_that_has_none_takes_those_of_the_only_other_one() -> None:
    assert chosen([made("1", 2, "two"), made("2", 1, "two")]) == "2"


def test_of_several_other_servers_one_has_to_be_named() -> None:
    found = [made("1", 2, "two"), made("2", 1, "three")]

    with pytest.raises(UsageError, match="three, two") as refused:
        chosen(found)

    assert refused.value.hint == "pushdeploy backup:restore --server three"
    with pytest.raises(UsageError) as of_app:
        chosen(found, app="blog")
    assert of_app.value.hint == "pushdeploy backup:restore --server three --app blog"
    assert chosen(found, server="two") == "1"
    with pytest.raises(NotFoundError, match="no backups of the server `four`"):
        chosen(found, server="four")


def test_the_newest_that_has_the_app_is_meant() -> None:
    found = [made("1", 2, "one", "blog", "shop"), made("2", 1, "one", "blog")]

    assert chosen(found, app="shop") == "1"
    with pytest.raises(NotFoundError, match="no backup of one has an app `forum`"):
        chosen(found, app="forum")


def test_one_of_the_future_is_not_the_newest_unless_all_are() -> None:
    found = [made("1", 2), made("2", 1), made("3", -900)]

    assert chosen(found) == "2"
    assert chosen(found[2:]) == "3"


def test_where_there_are_none_that_is_said() -> None:
    with pytest.raises(NotFoundError, match="there are no backups"):
        chosen([])
    with pytest.raises(NotFoundError, match="no such backup"):
        chosen([made("1", 1)], "22222222")


def test_what_is_left_out_is_marked() -> None:
    assert tags(["blog"], ["shop"], 3) == ("pushdeploy", "bytes=3", "app=blog", "left=shop")
