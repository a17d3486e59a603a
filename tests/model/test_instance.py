"""An instance's unit name says what it is, and can be read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pushdeploy.model.instance import Instance, UnitName, parse_unit

APPS = st.from_regex(r"[a-z]([a-z0-9-]{0,27}[a-z0-9])?", fullmatch=True)
TYPES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
NUMBERS = st.integers(1, 10**8)


def instance(app: str, release: int, process_type: str, index: int) -> Instance:
    """An instance of which only the name matters."""
    nowhere = Path("/nowhere")
    return Instance(
        app=app,
        release=release,
        process_type=process_type,
        index=index,
        script=nowhere,
        code=nowhere,
        home=nowhere,
        shared=nowhere,
        user="nobody",
    )


@given(APPS, NUMBERS, TYPES, st.integers(1, 100))
def test_a_units_name_says_what_it_is(app: str, release: int, name: str, index: int) -> None:
    index = 1 if name == "web" else index

    found = parse_unit(instance(app, release, name, index).unit)

    assert found == UnitName(app, release, name.replace("-", "_"), index)


@given(APPS, APPS, NUMBERS, NUMBERS, TYPES, TYPES, st.integers(1, 100), st.integers(1, 100))
def test_different_instances_have_different_units(
    app: str,
    other: str,
    release: int,
    other_release: int,
    name: str,
    other_name: str,
    index: int,
    other_index: int,
) -> None:
    one = instance(app, release, name, 1 if name == "web" else index)
    two = instance(other, other_release, other_name, 1 if other_name == "web" else other_index)
    same_type = name.replace("-", "_") == other_name.replace("-", "_")
    assume(not same_type or name == other_name)  # a Procfile that has both is refused

    assert (one.unit == two.unit) == (one == two)


@pytest.mark.parametrize(
    "unit",
    [
        *("", "nginx", "pushdeploy.engine", "pushdeploy-blog.front", "pushdeploy-blog.v1.bridge"),
        *("pushdeploy-blog.v1.worker", "pushdeploy-blog.build", "pushdeploy-blog.v1.web\n"),
        *("pushdeploy-blog.vx.web", "pushdeploy-Blog.v1.web", "pushdeploy-blog.v१.web"),
    ],
)
def test_what_is_no_instance_is_none(unit: str) -> None:
    assert parse_unit(unit) is None


def test_people_say_type_and_number() -> None:
    assert instance("blog", 1, "worker", 2).name == "worker.2"
