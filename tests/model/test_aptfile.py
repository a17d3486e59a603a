"""An Aptfile names system packages, and nothing else in it is taken for one."""

from __future__ import annotations

from pushdeploy.model.aptfile import MOST_PACKAGES, advice, parse_aptfile


def test_packages_are_read_without_versions() -> None:
    text = "# for the images\nlibvips42\r\nlibpq-dev=15.2\n\n libxml2 \nlibvips42\n"

    assert parse_aptfile(text) == ("libvips42", "libpq-dev", "libxml2")


def test_what_is_no_package_is_left_out() -> None:
    text = ":repo:deb http://example.com x main\nhttps://example.com/a.deb\n-y\na b\n$(id)\nUPPER\n"

    assert parse_aptfile(text) == ()


def test_nothing_is_named_that_apt_would_take_for_an_order() -> None:
    text = "openssh-server-\nlibvips*\nlibvips42/testing\n--purge\n^lib\ng++\n"

    assert parse_aptfile(text) == ("g++",)


def test_a_long_file_is_cut() -> None:
    assert len(parse_aptfile("".join(f"lib{n}\n" for n in range(1000)))) == MOST_PACKAGES


def test_the_hint_installs_what_is_missing() -> None:
    assert advice(("libvips42", "libpq-dev")) == (
        "`Aptfile` names what this server lacks: libvips42 libpq-dev",
        "sudo apt-get install libvips42 libpq-dev",
    )
