"""A name leads here only if our own file is fetched by it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import UnavailableError
from pushdeploy.system.reachability import check_reachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = "127.0.0.1"


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that writes no log."""

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """A web server of this folder; its port."""
    server = ThreadingHTTPServer((HERE, 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def left(folder: Path) -> list[Path]:
    """The files in it."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_our_own_server_is_known_by_a_file_that_goes_again(tmp_path: Path) -> None:
    with serving(tmp_path) as port:
        check_reachable(HERE, tmp_path, port=port)

    assert left(tmp_path) == []


def test_another_server_is_told_apart(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()

    with serving(theirs) as port, pytest.raises(UnavailableError) as refused:
        check_reachable(HERE, ours, port=port)

    assert f"another server answers there on port {port} (status 404)" in refused.value.message
    assert left(ours) == []


def test_nobody_is_told_apart_from_somebody_else(tmp_path: Path) -> None:
    with serving(tmp_path) as port:
        pass

    with pytest.raises(UnavailableError, match=f"nothing answers there on port {port}"):
        check_reachable(HERE, tmp_path, port=port)


def test_a_name_that_dns_does_not_know_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refused:
        check_reachable("nobody.invalid", tmp_path)

    assert "DNS does not know `nobody.invalid`" in refused.value.message
    assert "make an A record for nobody.invalid" in (refused.value.hint or "")
