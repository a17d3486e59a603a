"""TOML of a repo that is made to take long, or to lie deeper than Python can follow."""

import pytest

from pushdeploy.model.toml import MOST_PARTS, parse_toml

HOSTILE = {
    "a key of many parts": "[project]\na" + ".a" * 100_000 + " = 1\n",
    "a header of many parts": "[project" + ".a" * 100_000 + "]\n",
    "one in an inline table": "a = {b" + ".b" * 100_000 + " = 1}\n",
    "parts in quotes": "a" + '."a"' * 10_000 + " = 1\n",
    "deep lists": "a = " + "[" * 100_000,
    "deep tables": "a = " + "{a = " * 100_000,
    "keys in keys": "".join(f"[{'.'.join('a' * 190)}{'.b' * one}]\n" for one in range(9))
    + "".join(f"{'.'.join('c' * 190)} = {{" for _ in range(9))
    + "}" * 9,
    "a long number": "a = " + "1" * 100_000,
    "a long number in hexadecimal": "a = 0x" + "f" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_nobody_would_write_is_no_toml(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_toml(text)


def test_what_people_write_is() -> None:
    versions = ", ".join(f'"package{number}==1.2.{number}"' for number in range(MOST_PARTS))

    assert parse_toml(f"a.b.c = [{versions}]\nd = 2020-01-01\n")["d"].year == 2020
