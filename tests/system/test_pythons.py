"""Which Pythons are found, by which name, and what each says of itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pushdeploy.errors import UnavailableError
from pushdeploy.system import pythons

VERSION = ".".join(map(str, sys.version_info[:3]))
MINOR = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_preferred_python_comes_first_and_each_version_once() -> None:
    found = pythons.interpreters(Path(sys.executable))

    versions = [one.version for one in found]
    assert found[0].path == pythons.named(Path(sys.executable))
    assert str(found[0].version) == ".".join(map(str, sys.version_info[:3]))
    assert len(set(versions)) == len(versions)
    assert all(one.path.exists() for one in found)


def test_what_is_no_python_is_said(tmp_path: Path) -> None:
    false = tmp_path / "python3"
    false.write_text("#!/bin/sh\necho Ruby 3.3\n")
    false.chmod(0o755)

    for path in (false, tmp_path / "nothing"):
        with pytest.raises(UnavailableError, match="is not a Python"):
            pythons.interpreter(path)


def test_a_python_is_known_by_the_name_that_says_its_version(tmp_path: Path) -> None:
    real, chosen, plain = tmp_path / "python3.77", tmp_path / "alternative", tmp_path / "python3"
    real.write_text("")
    chosen.symlink_to("python3.77")
    plain.symlink_to(chosen)

    assert pythons.named(plain) == real
    assert pythons.named(real) == real


def test_a_versioned_name_stays_wherever_its_link_leads(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("")
    name = tmp_path / "python3.77"
    name.symlink_to("build")

    assert pythons.named(name) == name


def test_without_a_versioned_name_the_file_itself_is_taken(tmp_path: Path) -> None:
    (tmp_path / "pypy").write_text("")
    plain = tmp_path / "python3"
    plain.symlink_to("pypy")

    assert pythons.named(plain) == tmp_path / "pypy"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")

    assert pythons.running(pythons.named(tmp_path / "one")) is None


def test_a_python_says_where_it_looks_for_packages() -> None:
    found = pythons.running(Path(sys.executable))

    assert found is not None
    assert (str(found.version), found.library) == (VERSION, MINOR)


def test_what_has_lost_its_library_does_not_run(tmp_path: Path) -> None:
    broken = tmp_path / "python3.77"
    broken.write_text("#!/bin/sh\necho 'ModuleNotFoundError: json' >&2; exit 1\n")
    broken.chmod(0o755)

    assert pythons.running(broken) is None


def test_a_python_that_is_replaced_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "python3"
    for minor in (76, 77):
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\necho Python 3.{minor}.1 python3.{minor}\n# {minor * 'x'}\n")
        path.chmod(0o755)

        found = pythons.running(path)

        assert found is not None
        assert found.version.minor == minor


def test_the_interpreter_of_a_venv_is_read_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    assert pythons.of_venv(tmp_path) is None

    (tmp_path / "bin" / "python").symlink_to("/nowhere/python3.11")

    assert pythons.of_venv(tmp_path) == Path("/nowhere/python3.11")
