"""How a notice reads, whatever an app has put into it."""

from __future__ import annotations

from pushdeploy.model.notice import Notice, State, Topic
from pushdeploy.model.notice_text import LONGEST, record, title, words


def notice(text: str) -> Notice:
    """One about a failed backup."""
    return Notice("/backup/1", Topic.BACKUP, State.BEGUN, "", text, 0.0, "pushdeploy backup:create")


def test_what_an_app_has_printed_can_be_neither_lines_nor_act_on_a_terminal() -> None:
    told = notice("blog: a\r\nBcc: you@example.com\x1b[2J\x00\u202e")

    assert words(told) == r"blog: a Bcc: you@example.com\x1b[2J\x00\u202e"
    assert title(told, "web1") == f"web1: {words(told)}"


def test_what_an_app_has_printed_can_not_make_a_notice_too_long_to_be_taken() -> None:
    told = notice("x" * 70_000)

    assert len(words(told)) == LONGEST
    assert record(told, "web1")["text"] == words(told)
