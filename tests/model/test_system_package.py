"""A build that lacks a compiler, a header or a program is answered with the package to install."""

from __future__ import annotations

import pytest

from pushdeploy.model.system_package import HEADERS, LIBRARIES, PROGRAMS, find_lack


@pytest.mark.parametrize(
    ("line", "what", "packages"),
    [
        (
            "Error: pg_config executable not found.",
            "pg_config",
            "libpq-dev build-essential python3-dev",
        ),
        ("/bin/sh: 1: mysql_config: not found", "mysql_config", "default-libmysqlclient-dev"),
        ("Exception: Can not find valid pkg-config name.", "Can not find", "pkg-config"),
        ("x.c:5:10: fatal error: Python.h: No such file or directory", "Python.h", "python3-dev"),
        ("x.c:1:10: fatal error: 'ffi.h' file not found", "ffi.h", "libffi-dev build-essential"),
        ("src/x.c:2: fatal error: libxml/xmlversion.h: No such file or directory", "xml", "xslt1"),
        ("Please make sure the libxml2 and libxslt development packages are", "libxml2", "libxml2"),
        ("error: command 'gcc' failed: No such file or directory", "gcc", "build-essential"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or", "gcc", "build-essential"),
        ("error: command '/usr/bin/g++' failed: No such file or directory", "g++", "build-ess"),
        ("unable to execute 'cc': No such file or directory", "cc", "build-essential"),
        ("ERROR: Unknown compiler(s): [['cc'], ['gcc']]", "Unknown", "build-essential"),
        ("The headers or library files could not be found for jpeg,", "jpeg", "libjpeg-dev"),
        ("The headers or library files could not be found for zlib,", "zlib", "zlib1g-dev"),
        ("Cargo, the Rust package manager, is not installed or is not on PATH.", "cargo", "cargo"),
        ("cargo, the Rust package manager, is not installed", "cargo", "cargo"),
        ("error: can't find Rust compiler", "Rust", "cargo rustc"),
        ("x.c:9: fatal error: openssl/ssl.h: No such file or directory", "openssl", "libssl-dev"),
        ("Modules/x.h:5: fatal error: lber.h: No such file or directory", "lber.h", "libldap-dev"),
        ("x.c:1: fatal error: sqlite3.h: No such file or directory", "sqlite3.h", "libsqlite3"),
        ("Could not run curl-config: No such file or directory: 'curl-config'", "curl", "libcurl4"),
        ("FileNotFoundError: No such file or directory: 'gdal-config'", "gdal", "libgdal-dev"),
        ("x.c:3: fatal error: librdkafka/rdkafka.h: No such file or directory", "rdk", "librdkaf"),
        ("x.cpp:1: fatal error: sql.h: No such file or directory", "sql.h", "unixodbc-dev"),
        (
            '../meson.build:1:0: ERROR: Dependency "cairo" not found, tried pkgconfig',
            "cairo",
            "cai",
        ),
        ("CMake must be installed to build the following extensions: x", "cmake", "cmake"),
        ("Git executable not found. Ensure that Git is installed and available.", "git", "git"),
        ("/bin/sh: 1: krb5-config: not found", "krb5-config", "libkrb5-dev build-essential"),
    ],
)
def test_what_a_build_lacks_is_named_with_the_packages_that_have_it(
    line: str, what: str, packages: str
) -> None:
    found = find_lack(["  x Failed to build `thing==1.2`", f"      {line}"])

    assert found is not None
    assert what in found.what
    assert packages in found.packages
    assert found.needed_by == "thing"


@pytest.mark.parametrize(
    "line",
    [
        "fatal error: own_header.h: No such file or directory",
        "/bin/sh: 1: frobnicate: not found",
        "error: command 'gcc' failed with exit code 1",
        "No such file or directory: 'README.md'",
        "ModuleNotFoundError: No module named 'numpy'",
        "",
    ],
)
def test_other_failures_are_left_to_speak_for_themselves(line: str) -> None:
    assert find_lack([line]) is None


def test_the_first_lack_counts() -> None:
    found = find_lack(["/bin/sh: 1: pg_config: not found", "error: can't find Rust compiler"])

    assert found is not None
    assert found.what == "pg_config"


def test_packages_are_names_of_debians() -> None:
    packages = {*HEADERS.values(), *PROGRAMS.values(), *LIBRARIES.values()}

    assert all(
        name.replace("-", "").replace("+", "").isalnum() for p in packages for name in p.split()
    )
