"""What a lock says of each package is compared, whatever form it was written in."""

from __future__ import annotations

import pytest

from pushdeploy.model.pins import PYLOCK, REQUIREMENTS, differing, name_of_record

HEAD = 'lock-version = "1.0"\ncreated-by = "uv"\n'


def package(name: str, version: str, digest: str = "aa", *, more: str = "") -> str:
    """As uv writes it."""
    wheels = f'[{{ url = "https://one/{name}.whl", hashes = {{ sha256 = "{digest}" }} }}]'
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = {wheels}\n{more}'


def of_pylocks(before: str, after: str, head: str = HEAD) -> frozenset[str] | None:
    """What differs between two of them."""
    return differing({PYLOCK: HEAD + before}, {PYLOCK: head + after})


SIX = package("six", "1")


@pytest.mark.parametrize(
    ("after", "names"),
    [
        (SIX, ""),
        (f"{SIX}\n# a comment\n", ""),
        (SIX + package("Flask_Login", "1"), "flask-login"),
        (f'{SIX}[tool.pdm]\nhashes = {{ sha256 = "bb" }}\n', ""),
        (package("six", "2"), "six"),
        (package("six", "1", "bb"), "six"),
        (package("six", "1", more='index = "https://two/simple"\n'), "six"),
        (package("six", "1", more="marker = \"'x' in extras\"\n"), "six"),
        ("", "six"),
    ],
)
def test_a_pylock_is_read_package_by_package(after: str, names: str) -> None:
    assert of_pylocks(SIX, after) == set(names.split())


@pytest.mark.parametrize(
    "place",
    [
        'vcs = { type = "git", url = "https://one/x", commit-id = "aa" }\n',
        'directory = { path = "x" }\n',
        'archive = { url = "https://one/x.zip" }\n',
    ],
)
def test_what_lies_at_an_address_is_never_taken_over(place: str) -> None:
    elsewhere = f'[[packages]]\nname = "x"\n{place}'

    assert of_pylocks(SIX + elsewhere, SIX + elsewhere) == {"x"}
    line = "x @ git+https://one/x@aa\n"
    assert differing({REQUIREMENTS: line}, {REQUIREMENTS: line}) == {"x"}


@pytest.mark.parametrize(
    "head", [HEAD.replace("uv", "pdm"), f'{HEAD}default-groups = ["default"]\n', "no toml"]
)
def test_a_pylock_with_another_head_begins_afresh(head: str) -> None:
    assert of_pylocks(SIX, SIX, head) is None


@pytest.mark.parametrize("text", ["packages = 1\n", "[[packages]]\nversion = '1'\n"])
def test_a_pylock_that_can_t_be_read_is_no_lock(text: str) -> None:
    assert differing({PYLOCK: text}, {PYLOCK: text}) is None


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("lib/python3.11/site-packages/Flask_Login-0.6.3.dist-info", "flask-login"),
        ("zope.interface-6.0.dist-info", "zope-interface"),
        ("six-1.dist-info", "six"),
    ],
)
def test_the_record_of_a_package_names_it(folder: str, name: str) -> None:
    assert name_of_record(folder) == name
