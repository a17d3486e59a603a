"""The file of the keys that may push, with keys that ssh-keygen made."""

import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.system import keys

MakeKey = Callable[..., Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file, in a folder of its own."""
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder / "authorized_keys"


def public(file: Path) -> str:
    """The public half of a key."""
    return file.with_suffix(".pub").read_text()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_is_added_and_listed_with_its_fingerprint(
    path: Path, make_key: MakeKey, kind: str
) -> None:
    file = make_key(kind=kind)

    added = keys.add(path, public(file), "ada")

    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True
    )
    assert keys.listing(path) == [added]
    assert shown.stdout.split()[1] == added.fingerprint


def test_sshd_can_read_the_file_as_the_user_who_logs_in(path: Path, make_key: MakeKey) -> None:
    keys.add(path, public(make_key()))

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_gid == path.parent.stat().st_gid


def test_the_same_key_is_refused_under_any_name(path: Path, make_key: MakeKey) -> None:
    text = public(make_key())
    keys.add(path, text, "ada")
    before = path.read_text()

    with pytest.raises(UsageError, match="already, as `ada`"):
        keys.add(path, text, "bob")

    assert path.read_text() == before


def test_the_same_name_is_refused_for_another_key(path: Path, make_key: MakeKey) -> None:
    keys.add(path, public(make_key("one")), "ada")
    before = path.read_text()

    with pytest.raises(UsageError, match="another key with the name `ada`"):
        keys.add(path, public(make_key("two")), "ada")

    assert path.read_text() == before


def test_a_private_key_is_refused_and_nothing_is_written(path: Path, make_key: MakeKey) -> None:
    private = make_key().read_text()

    with pytest.raises(RefusedInputError, match="private key"):
        keys.add(path, private, "ada")

    assert not path.exists()


def test_a_key_that_ssh_keygen_cannot_read_is_refused(path: Path, make_key: MakeKey) -> None:
    kind, body, _ = public(make_key()).split()

    with pytest.raises(RefusedInputError, match="ssh-keygen"):
        keys.add(path, f"{kind} {body[:40]}", "ada")

    assert not path.exists()


def test_a_removed_key_is_gone_and_the_others_stay(path: Path, make_key: MakeKey) -> None:
    keys.add(path, public(make_key("one")), "ada")
    kept = keys.add(path, public(make_key("two")), "ada.2")

    keys.remove(path, "ada")

    assert keys.listing(path) == [kept]


def test_lines_of_the_administrator_stay(path: Path, make_key: MakeKey) -> None:
    path.write_text("# for emergencies\n")
    keys.add(path, public(make_key()), "ada")

    keys.remove(path, "ada")

    assert path.read_text() == "# for emergencies\n"


def test_removing_an_unknown_name_says_so(path: Path) -> None:
    with pytest.raises(NotFoundError, match="`bob`"):
        keys.remove(path, "bob")


def test_a_key_is_known_under_whatever_name_it_has(path: Path, make_key: MakeKey) -> None:
    added = keys.add(path, public(make_key("one")), "work")

    assert keys.same_key(path, public(make_key("two"))) is None
    assert keys.same_key(path, (path.parent.parent / "one.pub").read_text()) == added


def test_keys_that_are_added_at_once_are_all_kept(path: Path, make_key: MakeKey) -> None:
    texts = [public(make_key(f"key{number}")) for number in range(8)]

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda entry: keys.add(path, entry[1], f"key{entry[0]}"), enumerate(texts)))

    assert len(keys.listing(path)) == len(texts)


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("one\ntwo\n")

    with pytest.raises(RefusedInputError) as refused:
        keys.read_key_file(file)

    assert refused.value.message == (
        f"`{file}` can't be the key: there are 2 lines where one key should be"
    )
