"""nginx's files: fixed text with typed values, as nginx reads them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import PushdeployError
from pushdeploy.model.domain import parse_domain
from pushdeploy.model.site import Certificate, NginxFeatures, Site
from pushdeploy.model.site_settings import SETTINGS, SiteSettings
from pushdeploy.model.static_mount import DEFAULT_MOUNTS, StaticMount, mounts, parse_static_mount
from pushdeploy.system.certificates import make_refusing
from pushdeploy.system.command import Command, attempt
from pushdeploy.system.nginx import Nginx
from pushdeploy.system.nginx_files import site_files

if TYPE_CHECKING:
    from collections.abc import Sequence

GOLDEN = Path(__file__).parent / "golden_nginx"
STATE = Path("/var/lib/pushdeploy")
FOLDER = Path("/etc/nginx/conf.d")
ROOT = STATE / "apps" / "blog"
LIVE = Path("/etc/letsencrypt/live/pushdeploy-blog")

DEBIAN_12 = NginxFeatures(
    http2_directive=False,
    reject_handshake=True,
    keeps_upstreams=False,
    post_quantum=False,
    ipv6=True,
    acme=STATE / "acme",
    pages=STATE / "pages",
    snippets=Path("/etc/nginx/pushdeploy"),
    own_certificate=Certificate(STATE / "refusing/chain.pem", STATE / "refusing/key.pem"),
)
PLAIN = Site(
    app="blog",
    domains=(),
    default=True,
    root=ROOT,
    shared=ROOT / "shared",
    mounts=DEFAULT_MOUNTS,
    settings=SiteSettings(),
    certificate=None,
)
SECURED = replace(
    PLAIN,
    domains=("blog.example.com", "www.example.com"),
    default=False,
    mounts=mounts([StaticMount("/media", "shared/media"), StaticMount("/a", "dist")]),
    settings=SiteSettings({"client-max-body-size": "20m"}),
    certificate=Certificate(LIVE / "fullchain.pem", LIVE / "privkey.pem"),
    secured=("blog.example.com",),
)
SHOP = replace(PLAIN, app="my-shop", root=STATE / "apps/my-shop", default=True)

CASES: dict[str, tuple[NginxFeatures, Sequence[Site]]] = {
    "no-app": (DEBIAN_12, []),
    "first-app-on-the-bare-address": (DEBIAN_12, [PLAIN]),
    "one-of-two-names-has-a-certificate": (DEBIAN_12, [SECURED]),
    "two-apps": (DEBIAN_12, [SECURED, SHOP]),
    "newer-nginx-and-openssl": (
        replace(DEBIAN_12, http2_directive=True, keeps_upstreams=True, post_quantum=True),
        [SECURED],
    ),
    "no-ipv6": (replace(DEBIAN_12, ipv6=False), [SECURED]),
    "refusing-certificate": (replace(DEBIAN_12, reject_handshake=False), [SECURED]),
}


def rendered(case: str) -> str:
    """All files of a case, each under its name."""
    features, sites = CASES[case]
    files = site_files(FOLDER, features, sites)
    return "\n".join(f"#==== {file.path.name}\n{file.content}" for file in files)


@pytest.mark.parametrize("case", CASES)
def test_a_site_reads_as_it_always_has(case: str) -> None:
    """After a wanted change: `PUSHDEPLOY_GOLDEN=write pytest tests/system/test_nginx.py`."""
    golden = GOLDEN / f"{case}.conf"
    if os.environ.get("PUSHDEPLOY_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(rendered(case))

    assert rendered(case) == golden.read_text()


def test_beside_an_app_that_has_the_bare_address_nobody_else_claims_it() -> None:
    left = next(file for file in site_files(FOLDER, DEBIAN_12, [PLAIN]) if "blog" in file.path.name)

    beside = site_files(FOLDER, DEBIAN_12, [replace(SECURED, app="shop")], [left])

    claims = [file.path.name for file in [*beside, left] if "80 default_server" in file.content]
    assert claims == ["pushdeploy-blog.conf"]


def test_every_golden_file_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.skipif(not Path("/usr/sbin/nginx").exists(), reason="asks nginx")
@pytest.mark.parametrize("case", CASES)
def test_nginx_itself_finds_nothing_to_say(case: str, tmp_path: Path) -> None:
    features, _ = CASES[case]
    able = Nginx(tmp_path).features()
    if features.http2_directive > able.http2_directive or features.post_quantum > able.post_quantum:
        pytest.skip("this nginx, or its OpenSSL, is older")

    output = attempt(Command(["/usr/sbin/nginx", "-t", "-q", "-c", str(written(case, tmp_path))]))

    said = [line for line in output.stderr.splitlines() if '"user" directive' not in line]
    assert (output.status, said) == (0, [])


def written(case: str, folder: Path) -> Path:
    """A whole configuration that anybody may test: own ports, own logs, own certificates."""
    mine = Certificate(folder / "made" / "chain.pem", folder / "made" / "key.pem")
    make_refusing(mine)
    text = rendered(case)
    text = re.sub(r"ssl_certificate \S+;", f"ssl_certificate {mine.chain};", text)
    text = re.sub(r"ssl_certificate_key \S+;", f"ssl_certificate_key {mine.key};", text)
    text = re.sub(r"listen (\[::\]:)?(80|443)\b", r"listen \g<1>18\2", text)
    text = text.replace("/var/log/nginx/", f"{folder}/")
    (folder / "sites.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; include {folder}/sites.conf; }}\n"
    )
    return main


# What an app, or whoever may set something, can't write


TOKEN = re.compile(r"[A-Za-z0-9._*/-]+")


def shape(text: str) -> list[str]:
    """What nginx takes for its own language: the first word of each directive, and the braces."""
    bare = re.sub(r"#[^\n]*", "", text)
    return re.findall(r"[{}]|(?:^|(?<=[;{}]))\s*([a-z_0-9]+)(?=\s)", bare, re.MULTILINE)


@given(
    st.lists(st.text(max_size=40), max_size=3),
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(sorted(SETTINGS)),
    st.text(max_size=20),
)
def test_whatever_is_typed_nginx_reads_the_same_directives(
    names: list[str], url: str, folder: str, setting: str, value: str
) -> None:
    site = replace(PLAIN, default=False, domains=("blog.example.com",))
    for name in names:
        with suppress(PushdeployError):
            site = replace(site, domains=(*site.domains, parse_domain(f"{name}.example.com")))
    with suppress(PushdeployError):
        site = replace(site, settings=site.settings.with_value(setting, value))
    mounted = site
    with suppress(PushdeployError):
        mounted = replace(site, mounts=(parse_static_mount(f"/{url}", folder),))

    text = "".join(file.content for file in site_files(FOLDER, DEBIAN_12, [site]))
    with_mount = "".join(file.content for file in site_files(FOLDER, DEBIAN_12, [mounted]))

    plain = replace(PLAIN, default=False, domains=("blog.example.com",))
    expected = "".join(file.content for file in site_files(FOLDER, DEBIAN_12, [plain]))
    assert shape(text) == shape(expected)
    assert with_mount.count("location") - text.count("location") in (-3, -2, 0)
    for line in re.findall(r"server_name ([^;]*);", text):
        assert all(word == "_" or TOKEN.fullmatch(word) for word in line.split(" "))


@pytest.mark.skipif(not Path("/usr/sbin/nginx").exists(), reason="asks nginx")
def test_this_machines_nginx_is_asked_what_it_can_do(tmp_path: Path) -> None:
    features = Nginx(tmp_path).features()

    assert features.reject_handshake
    assert features.acme == tmp_path / "acme"
