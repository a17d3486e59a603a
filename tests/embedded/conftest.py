"""A server in a folder for the tests of embedded mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.embedded.place import Place, Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all tests of a module, in a folder with an awkward name."""
    made = Place.new(tmp_path_factory.mktemp("it's a long name") / "my 100% server #1")
    yield made
    made.stop()


@pytest.fixture
def site(place: Place) -> Site:
    """A new app, not pushed yet."""
    return place.site()
