"""A full disk, told from other errors."""

import errno
import os

import pytest

from pushdeploy.system.disk_refusal import refusal


@pytest.mark.parametrize(
    ("number", "path", "said"),
    [
        (errno.ENOSPC, "/var/lib/x", ("the server's disk is full at `/var/lib/x`", "df -h; df -i")),
        (errno.EDQUOT, None, ("the server's disk is full", "df -h; df -i")),
        (
            errno.EROFS,
            "/etc/x",
            (
                "the server's disk reports an error at `/etc/x`: Read-only file system",
                "dmesg | tail; df -h",
            ),
        ),
        (errno.EACCES, "/etc/x", None),
    ],
)
def test_what_a_disk_refuses_is_said(
    number: int, path: str | None, said: tuple[str, str] | None
) -> None:
    assert refusal(OSError(number, os.strerror(number), path)) == said


def test_other_errors_are_no_disk_s() -> None:
    assert refusal(ValueError("x")) is None
