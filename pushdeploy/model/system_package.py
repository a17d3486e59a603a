"""What a failed build lacks of the server: the packages of Debian that have it.

Sources: how setuptools, meson, pkg-config, the compilers and the packages themselves complain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 2000
"""Characters of a line that are looked at."""

COMPILER = "build-essential"
PYTHON_HEADERS = "python3-dev"

HEADERS = {
    "Python.h": "python3-dev",
    "libpq-fe.h": "libpq-dev",
    "mysql.h": "default-libmysqlclient-dev",
    "libxml/xmlversion.h": "libxml2-dev libxslt1-dev",
    "libxslt/xsltconfig.h": "libxml2-dev libxslt1-dev",
    "ffi.h": "libffi-dev",
    "jpeglib.h": "libjpeg-dev",
    "zlib.h": "zlib1g-dev",
    "openssl/ssl.h": "libssl-dev",
    "openssl/opensslv.h": "libssl-dev",
    "openssl/err.h": "libssl-dev",
    "sasl/sasl.h": "libsasl2-dev",
    "lber.h": "libldap-dev libsasl2-dev",
    "ldap.h": "libldap-dev libsasl2-dev",
    "sqlite3.h": "libsqlite3-dev",
    "sql.h": "unixodbc-dev",
    "geos_c.h": "libgeos-dev",
    "gdal.h": "libgdal-dev",
    "cairo.h": "libcairo2-dev",
    "librdkafka/rdkafka.h": "librdkafka-dev",
    "gmp.h": "libgmp-dev",
    "bzlib.h": "libbz2-dev",
    "lzma.h": "liblzma-dev",
    "krb5.h": "libkrb5-dev",
    "gssapi/gssapi.h": "libkrb5-dev",
    "yaml.h": "libyaml-dev",
    "uuid/uuid.h": "uuid-dev",
    "systemd/sd-daemon.h": "libsystemd-dev",
    "portaudio.h": "portaudio19-dev",
    "snappy-c.h": "libsnappy-dev",
    "hdf5.h": "libhdf5-dev",
    "xmlsec/xmlsec.h": "libxmlsec1-dev",
    "magic.h": "libmagic-dev",
    "pcre.h": "libpcre3-dev",
    "curl/curl.h": "libcurl4-openssl-dev",
}
"""A header to the packages that have it."""

PROGRAMS = {
    "pg_config": "libpq-dev",
    "mysql_config": "default-libmysqlclient-dev",
    "mariadb_config": "libmariadb-dev",
    "xml2-config": "libxml2-dev libxslt1-dev",
    "xslt-config": "libxml2-dev libxslt1-dev",
    "curl-config": "libcurl4-openssl-dev",
    "gdal-config": "libgdal-dev",
    "geos-config": "libgeos-dev",
    "krb5-config": "libkrb5-dev",
    "cargo": "cargo",
    "rustc": "rustc",
    "cmake": "cmake",
    "make": COMPILER,
    "gcc": COMPILER,
    "g++": COMPILER,
    "cc": COMPILER,
    "c++": COMPILER,
    "clang": "clang",
    "gfortran": "gfortran",
    "pkg-config": "pkg-config",
    "swig": "swig",
    "git": "git",
}
"""A program to the packages that have it."""

OTHERS = (
    (r"libxml2 and libxslt development packages", "libxml2-dev libxslt1-dev"),
    (r"headers or library files could not be found for (?P<what>jpeg|zlib|freetype|tiff|webp)", ""),
    (r"can't find Rust compiler", "cargo rustc"),
    (r"Can not find valid pkg-config name", "default-libmysqlclient-dev pkg-config"),
    (
        r"(?:Dependency|dependency) \"?(?P<what>cairo|libffi|openblas|libpq|xmlsec1)\"? not found",
        "",
    ),
    (r"Unknown compiler\(s\)", COMPILER),
)
"""What some say in a way of their own, and the packages; empty where `what` tells."""

LIBRARIES = {
    "jpeg": "libjpeg-dev",
    "zlib": "zlib1g-dev",
    "freetype": "libfreetype-dev",
    "tiff": "libtiff-dev",
    "webp": "libwebp-dev",
    "cairo": "libcairo2-dev",
    "libffi": "libffi-dev",
    "openblas": "libopenblas-dev",
    "libpq": "libpq-dev",
    "xmlsec1": "libxmlsec1-dev",
}

_HEADER = re.compile(r"fatal error: ['\"]?([\w./+-]{1,80})['\"]?(?:: No such file| file not found)")
_PROGRAM = re.compile(
    r"(?:"
    r"(?P<a>[\w+-]{1,40}) executable not found"
    r"|(?P<b>[\w+-]{1,40}): (?:command )?not found"
    r"|command '(?:[\w/.-]{0,80}[/-])?(?P<c>[\w+]{1,40}(?:-config)?)' failed: No such file"
    r"|unable to execute '(?P<d>[\w+-]{1,40})'"
    r"|No such file or directory: '(?P<e>[\w+-]{1,40})'"
    r"|(?P<f>[Cc]argo), the Rust package manager, is not installed"
    r"|Git executable not found|(?P<g>CMake) must be installed"
    r")"
)
_BUILT = re.compile(r"Failed to build [`'\"]?([\w.-]{1,100})")


@dataclass(frozen=True, slots=True)
class Lack:
    """What a build did not find on the server."""

    what: str
    """`pg_config`, `Python.h`."""
    packages: str
    """Words for `apt install`."""
    needed_by: str
    """The Python package that was built; empty when that was not said."""


def find_lack(lines: Iterable[str]) -> Lack | None:
    """What a failed build lacks, by what it printed; None when that is something else."""
    lack: tuple[str, str] | None = None
    needed_by = ""
    for line in lines:
        shown = line[:LONGEST]
        built = _BUILT.search(shown)
        needed_by = built[1] if built and not needed_by else needed_by
        lack = lack or _lack(shown)
    if lack is None:
        return None
    what, packages = lack
    wanted = packages.split()
    if packages.endswith("-dev") or COMPILER in wanted:  # an extension in C wants all three
        wanted += [one for one in (COMPILER, PYTHON_HEADERS) if one not in wanted]
    return Lack(what, " ".join(wanted), needed_by)


def _lack(line: str) -> tuple[str, str] | None:
    header = _HEADER.search(line)
    if header:
        return _of(header[1], HEADERS)
    program = _PROGRAM.search(line)
    if program:
        name = next((one for one in program.groups() if one), "git").lower()
        return _of(name, PROGRAMS)
    for pattern, packages in OTHERS:
        found = re.search(pattern, line)
        if found:
            what = found.groupdict().get("what") or found[0]
            return what, packages or LIBRARIES[what]
    return None


def _of(name: str, table: dict[str, str]) -> tuple[str, str] | None:
    return (name, table[name]) if name in table else None
