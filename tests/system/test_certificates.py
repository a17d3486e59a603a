"""What browsers would refuse is refused before it is served; openssl makes what is looked at."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.site import Certificate
from pushdeploy.system import certificates
from pushdeploy.system.command import Command, run

if TYPE_CHECKING:
    from pathlib import Path

NAME = "blog.example.com"
DAY = 86_400.0

KEYS = {
    "ec": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("-newkey", "rsa:2048"),
    "ed25519": ("-newkey", "ed25519"),
}


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, and the files that they lie in."""

    certificate: Path
    key: Path

    @property
    def chain(self) -> bytes:
        """PEM."""
        return self.certificate.read_bytes()

    @property
    def secret(self) -> bytes:
        """PEM."""
        return self.key.read_bytes()


def root(folder: Path, name: str = "Test Root") -> Issued:
    """An authority that nobody issued."""
    made = Issued(folder / f"{name}.pem", folder / f"{name}.key")
    line = [
        "openssl",
        "req",
        "-x509",
        *KEYS["ec"],
        "-nodes",
        "-days",
        "3650",
        "-subj",
        f"/CN={name}",
    ]
    run(Command([*line, "-keyout", str(made.key), "-out", str(made.certificate)]))
    return made


def issue(
    folder: Path, by: Issued, *names: str, key: str = "ec", days: int = 90, authority: bool = False
) -> Issued:
    """A certificate by an authority; with a name of its own, so that there may be more of them."""
    stem = f"{len(list(folder.iterdir()))}"
    made = Issued(folder / f"{stem}.pem", folder / f"{stem}.key")
    request, extensions = folder / f"{stem}.csr", folder / f"{stem}.ext"
    listed = ",".join(f"DNS:{name}" for name in names)
    extensions.write_text(
        "basicConstraints=critical,CA:TRUE\n" if authority else f"subjectAltName={listed}\n"
    )
    run(
        Command(
            [
                *("openssl", "req", *KEYS[key], "-nodes", "-subj", f"/CN={names[0]}"),
                *("-keyout", str(made.key), "-out", str(request)),
            ]
        )
    )
    run(
        Command(
            [
                *("openssl", "x509", "-req", "-in", str(request), "-days", str(days)),
                *("-CA", str(by.certificate), "-CAkey", str(by.key), "-CAcreateserial"),
                *("-extfile", str(extensions), "-out", str(made.certificate)),
            ]
        )
    )
    return made


@pytest.fixture
def authority(tmp_path: Path) -> Issued:
    """An authority."""
    return root(tmp_path)


def refusal(chain: bytes, key: bytes, *domains: str, now: float | None = None) -> str:
    """What is said against it."""
    with pytest.raises(RefusedInputError) as refused:
        certificates.check(chain, key, domains or (NAME,), now or time.time())
    assert refused.value.hint
    assert "PRIVATE KEY-----" not in refused.value.message
    return refused.value.message


@pytest.mark.parametrize("kind", KEYS)
def test_a_whole_chain_for_the_name_is_taken(authority: Issued, tmp_path: Path, kind: str) -> None:
    leaf = issue(tmp_path, authority, NAME, "www.example.com", key=kind)

    facts = certificates.check(leaf.chain + authority.chain, leaf.secret, [NAME], time.time())

    assert facts.names == (NAME, "www.example.com")
    assert facts.issuer == "CN=Test Root"
    assert facts.ends > time.time() + 89 * DAY
    assert facts == certificates.facts(leaf.secret + leaf.chain + authority.chain)


def test_a_chain_through_an_intermediate_is_taken_in_its_order_only(
    authority: Issued, tmp_path: Path
) -> None:
    between = issue(tmp_path, authority, "Intermediate", authority=True)
    leaf = issue(tmp_path, between, NAME)
    whole = leaf.chain + between.chain + authority.chain

    certificates.check(whole, leaf.secret, [NAME], time.time())

    swapped = leaf.chain + authority.chain + between.chain
    assert "which follows it" in refusal(swapped, leaf.secret)
    assert "which follows it" in refusal(leaf.chain + authority.chain, leaf.secret)
    assert "`CN=Test Root` is missing" in refusal(leaf.chain + between.chain, leaf.secret)
    assert "`CN=Intermediate` is missing" in refusal(leaf.chain, leaf.secret)


def test_a_root_that_only_has_the_name_of_the_issuer_completes_nothing(
    authority: Issued, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    leaf = issue(tmp_path, authority, NAME)

    assert "which follows it" in refusal(leaf.chain + root(elsewhere).chain, leaf.secret)


def test_a_star_is_good_for_one_label(authority: Issued, tmp_path: Path) -> None:
    leaf = issue(tmp_path, authority, "*.example.com")
    chain = leaf.chain + authority.chain

    certificates.check(chain, leaf.secret, [NAME, "*.example.com"], time.time())

    assert "not for example.com" in refusal(chain, leaf.secret, NAME, "example.com")
    assert "not for a.b.example.com" in refusal(chain, leaf.secret, "a.b.example.com")


def test_a_key_of_another_certificate_is_refused(authority: Issued, tmp_path: Path) -> None:
    leaf, other = issue(tmp_path, authority, NAME), issue(tmp_path, authority, NAME, key="rsa")

    assert "does not belong" in refusal(leaf.chain + authority.chain, other.secret)


def test_an_encrypted_key_is_refused(authority: Issued, tmp_path: Path) -> None:
    leaf = issue(tmp_path, authority, NAME)
    line = ["openssl", "pkey", "-in", str(leaf.key), "-aes256", "-passout", "pass:secret"]
    locked = run(Command(line)).stdout.encode()

    assert "the key is encrypted" in refusal(leaf.chain + authority.chain, locked)


def test_what_has_ended_or_not_begun_is_refused(authority: Issued, tmp_path: Path) -> None:
    leaf = issue(tmp_path, authority, NAME)
    chain = leaf.chain + authority.chain

    assert "expired on" in refusal(chain, leaf.secret, now=time.time() + 91 * DAY)
    assert "is not valid before" in refusal(chain, leaf.secret, now=time.time() - DAY)


def test_swapped_files_and_other_files_are_told_apart(authority: Issued, tmp_path: Path) -> None:
    leaf = issue(tmp_path, authority, NAME)
    chain = leaf.chain + authority.chain

    assert "swapped" in refusal(leaf.secret, chain)
    assert "contains no PEM certificate" in refusal(b"hello", leaf.secret)
    assert "contains no PEM certificate" in refusal(b"", leaf.secret)
    assert "contains no PEM private key" in refusal(chain, chain)
    assert "contains no PEM private key" in refusal(chain, b"")
    broken = leaf.chain.replace(b"\nM", b"\n!", 1)
    assert "contains no PEM certificate" in refusal(broken, leaf.secret)


def test_a_certificate_without_a_name_for_hosts_is_refused(authority: Issued) -> None:
    assert "is for no name" in refusal(authority.chain, authority.secret)


def test_a_certificate_for_refusing_is_made_once_and_only_root_reads_its_key(
    tmp_path: Path,
) -> None:
    made = Certificate(tmp_path / "refusing" / "chain.pem", tmp_path / "refusing" / "key.pem")

    certificates.make_refusing(made)
    first = made.chain.read_bytes()
    certificates.make_refusing(made)

    assert made.chain.read_bytes() == first
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert certificates.facts(first).names == ()


def test_where_nobody_listens_nothing_is_served() -> None:
    assert certificates.served(NAME, address="127.0.0.254", port=1) is None
