"""What the installer says of its options' values, before it changes anything."""

from __future__ import annotations

import pytest

from pushdeploy.cli.server_check import bad_values
from pushdeploy.cli.wishes import Wishes


@pytest.mark.parametrize(
    ("wishes", "message", "hint"),
    [
        (
            Wishes(app="shop", domains=("nodots",)),
            "`nodots` is no complete domain name",
            "sudo ./installer.sh --app shop --domain blog.example.com",
        ),
        (
            Wishes(app="shop", email="x"),
            "`x` is no e-mail address",
            "sudo ./installer.sh --app shop --email me@example.com",
        ),
        (
            Wishes(domains=("a.example.com",)),
            "`--domain` is an app's",
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
