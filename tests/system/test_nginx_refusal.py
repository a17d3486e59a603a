"""What nginx says against a change is told with the file to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.system.nginx_refusal import refusal

OURS = Path("/etc/nginx/conf.d/pushdeploy-blog.conf")
THEIRS = "/etc/nginx/conf.d/theirs.conf"
FAULT = 'nginx: [emerg] unknown directive "nonsense" in {file}:3\n'
END = "nginx: configuration file /etc/nginx/nginx.conf test failed"


def failed(output: str) -> CommandFailedError:
    """`nginx -t` that ended so."""
    return CommandFailedError("`nginx` failed with status 1", status=1, output=output)


def test_somebody_elses_file_is_named_as_such() -> None:
    told = refusal(failed(FAULT.format(file=THEIRS) + END), {OURS})

    assert told.message == (
        f'nginx refuses in `{THEIRS}`, line 3: unknown directive "nonsense". '
        "That file is not ours. Nothing changed."
    )
    assert told.hint == f"sudo nano +3 {THEIRS} && sudo nginx -t"


def test_our_own_file_is_named_too() -> None:
    told = refusal(failed(FAULT.format(file=OURS) + END), {OURS})

    assert f"`{OURS}`, line 3" in told.message
    assert "not ours" not in told.message


@pytest.mark.parametrize(
    ("output", "what"),
    [
        ('nginx: [emerg] cannot load certificate "/x": no such file', "cannot load certificate"),
        ("2026/11/22 10:00:00 [emerg] 7#7: open() failed", "nginx refuses: open() failed."),
    ],
)
def test_a_fault_without_a_file_is_told_in_nginxs_words(output: str, what: str) -> None:
    assert what in refusal(failed(output), set()).message


def test_what_systemctl_says_is_not_lost() -> None:
    told = refusal(UnavailableError("it is not there"), set())

    assert "nginx" in told.message
    assert "nothing changed" in told.message
