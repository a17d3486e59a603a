"""What the installer says of its options' values, before it changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import NotFoundError, RefusedInputError
from pushdeploy.install.check import bad_values
from pushdeploy.install.wishes import Wishes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("wishes", "message", "hint"),
    [
        (
            Wishes(app="shop", domains=("nodots",)),
            "`nodots` is not a complete domain name",
            "sudo ./installer.sh --app shop --domain blog.example.com",
        ),
        (
            Wishes(app="shop", email="x"),
            "`x` is not an e-mail address",
            "sudo ./installer.sh --app shop --email me@example.com",
        ),
        (
            Wishes(domains=("a.example.com",)),
            "`--domain` needs an app",
            "sudo ./installer.sh --app blog --domain a.example.com",
        ),
    ],
)
def test_a_bad_value_is_answered_with_what_can_be_typed_now(
    wishes: Wishes, message: str, hint: str
) -> None:
    (said,) = bad_values(wishes)

    assert said.message == message
    assert said.hint == hint


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("none.pub", NotFoundError, "can't be read: No such file or directory"),
        ("folder", NotFoundError, "can't be read: Is a directory"),
        ("bytes", RefusedInputError, "can't be the key: it is not text"),
        ("words", RefusedInputError, "can't be the key: "),
    ],
)
def test_a_key_that_is_none_is_told_from_one_that_can_t_be_read(
    tmp_path: Path, name: str, kind: type[Exception], reason: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "words").write_text("hello\n")

    (said,) = bad_values(Wishes(key=tmp_path / name))

    assert type(said) is kind
    assert reason in said.message
    assert said.hint
