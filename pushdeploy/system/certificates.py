"""Certificates, read by `cryptography`: whose they are, until when, whether the key fits."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import re
import socket
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.utils import CryptographyDeprecationWarning

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.domain import uncovered
from pushdeploy.system.files import File, create_all, make_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.model.site import Certificate

TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
"""Debian's bundle of the roots that browsers know."""

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

TLS_PORT = 443
ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says."""

    names: tuple[str, ...]
    issuer: str
    ends: float
    """Epoch seconds."""
    fingerprint: str
    """SHA-256 of the first certificate of the chain, hex."""


def facts(chain: bytes) -> Facts:
    """What the first certificate of a chain says.

    Raises:
        RefusedInputError: it is not a PEM certificate.
    """
    first = _certificates(chain)[0]
    return Facts(
        names=_names(first),
        issuer=first.issuer.rfc4514_string(),
        ends=first.not_valid_after_utc.timestamp(),
        fingerprint=hashlib.sha256(first.public_bytes(serialization.Encoding.DER)).hexdigest(),
    )


def check(chain: bytes, key: bytes, domains: Sequence[str], now: float) -> Facts:
    """Refuse a certificate that browsers would refuse.

    Raises:
        RefusedInputError: the key does not fit, a domain is not covered, it is not valid now, or
            a certificate between it and a known root is missing.
    """
    if b"PRIVATE KEY" in chain:
        raise RefusedInputError(
            "the certificate's file contains a private key: are the two files swapped?",
            hint="pushdeploy certs:add CERTIFICATE KEY",
        )
    certificates = _certificates(chain)
    _check_key(certificates[0], key)
    found = facts(chain)
    missing = uncovered(found.names, domains)
    if missing:
        raise RefusedInputError(
            f"the certificate is for {', '.join(found.names) or 'no name'}, not for "
            f"{', '.join(missing)}",
            hint="pushdeploy domains",
        )
    _check_time(certificates[0], now)
    _check_chain(certificates)
    return found


def is_trusted(chain: bytes) -> bool:
    """True when the chain leads to a root that browsers know.

    Raises:
        RefusedInputError: it is not a PEM certificate.
    """
    certificates = _certificates(chain)
    known = _known_roots()
    last = certificates[-1]
    return any(one in known for one in certificates) or any(
        _issued(last, root) for root in _roots(last)
    )


def served(domain: str, *, address: str = "127.0.0.1", port: int = TLS_PORT) -> str | None:
    """The fingerprint of the certificate that this server shows for a name; `None` if none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = f"www{domain[1:]}" if domain.startswith("*.") else domain
    try:
        with (
            socket.create_connection((address, port), ANSWER_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
    except OSError:
        return None
    return hashlib.sha256(shown).hexdigest() if shown else None


def make_refusing(certificate: Certificate) -> None:
    """A certificate of our own for names that nobody has, where nginx can't refuse handshakes."""
    if certificate.chain.exists() and certificate.key.exists():
        return
    make_folder(certificate.chain.parent, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "invalid")])
    start = datetime.datetime.now(tz=datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = made.public_bytes(serialization.Encoding.PEM)
    create_all(
        [
            File(certificate.key, private.decode(), 0o600),
            File(certificate.chain, chain.decode(), 0o600),
        ]
    )


def _certificates(chain: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise RefusedInputError(
            "the certificate's file contains no PEM certificate (`-----BEGIN CERTIFICATE-----`)",
            hint="openssl x509 -in FILE -noout -text",
        ) from error


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in names.value.get_values_for_type(x509.DNSName))


def _check_key(certificate: x509.Certificate, key: bytes) -> None:
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except TypeError as error:
        raise RefusedInputError(
            "the key is encrypted, and nginx could not ask for its password at a boot",
            hint="openssl pkey -in KEY -out KEY.plain",
        ) from error
    except ValueError as error:
        raise RefusedInputError(
            "the key's file contains no PEM private key", hint="openssl pkey -in KEY -noout -text"
        ) from error
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    own = private.public_key().public_bytes(encoding, form)
    if own != certificate.public_key().public_bytes(encoding, form):
        raise RefusedInputError(
            "the key does not belong to the certificate",
            hint="openssl x509 -in CERTIFICATE -noout -pubkey; openssl pkey -in KEY -pubout",
        )


def _check_time(certificate: x509.Certificate, now: float) -> None:
    begins = certificate.not_valid_before_utc.timestamp()
    ends = certificate.not_valid_after_utc.timestamp()
    if now > ends:
        raise RefusedInputError(
            f"the certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
            hint="pushdeploy certs:auto --email me@example.com",
        )
    if now < begins:
        raise RefusedInputError(
            f"the certificate is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}",
            hint="date",
        )


def _check_chain(certificates: Sequence[x509.Certificate]) -> None:
    for one, above in itertools.pairwise(certificates):
        if not _issued(one, above):
            raise RefusedInputError(
                f"the chain is out of order: `{one.subject.rfc4514_string()}` was not issued by "
                f"`{above.subject.rfc4514_string()}`, which follows it",
                hint="put your certificate first, then the one that issued it",
            )
    last = certificates[-1]
    if not _issued(last, last) and not any(_issued(last, root) for root in _roots(last)):
        raise RefusedInputError(
            f"the chain is incomplete: `{last.issuer.rfc4514_string()}` is missing, and "
            "browsers do not know it",
            hint="cat CERTIFICATE INTERMEDIATE > CHAIN; pushdeploy certs:add CHAIN KEY",
        )


def _issued(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _roots(certificate: x509.Certificate) -> list[x509.Certificate]:
    """The known roots of the name that issued it."""
    return [root for root in _known_roots() if root.subject == certificate.issuer]


@cache
def _known_roots() -> list[x509.Certificate]:
    """One by one: in Debian's bundle there are some that `cryptography` complains about."""
    try:
        bundle = TRUSTED.read_bytes()
    except OSError:
        return []
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for pem in _PEM.findall(bundle):
            with suppress(ValueError):
                found.append(x509.load_pem_x509_certificate(pem))
    return found
