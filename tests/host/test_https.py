"""HTTPS on a real server: certificates from an ACME server and of one's own, and what visitors get.

Every test leaves the app `blog` as blog.example.com.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host import pebble, processes, proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.pebble import Pebble
from tests.host.proxy import curl, handshake, know_names, nginx_pids, visit
from tests.host.story import Site, assert_cli_refused, last_words, said
from tests.host.visitors import MIXED, visitors
from tests.tiers import rounds

NAME = "blog.example.com"
OTHER = "www.example.com"
BLOG = f"https://{NAME}"
PLAIN = f"http://{NAME}"
ASK = f"certs:auto --email me@example.com --server {pebble.DIRECTORY}"

LIVE = "/etc/letsencrypt/live/pushdeploy-blog"
ROOT = "/root/pebble-root.pem"
THEIRS = "/etc/nginx/conf.d/theirs.conf"

DEPLOYS = rounds(10, slow=100)

INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
)
FORBIDDEN = (
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-CCM",
    "AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
)


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[Host]:
    """A server of this file's own; `blog` was made by the installer."""
    with Host.boot(installed.suite, "https", installed.disk) as host:
        know_names(host)
        yield host


@pytest.fixture(scope="module")
def acme(server: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """The ACME server, whose certificates the host's programs trust when told so."""
    with pebble.running(server, tmp_path_factory.mktemp("pebble")) as running:
        server.write(ROOT, running.root())
        server.write("/usr/local/share/ca-certificates/issuer.crt", running.root())
        server.run("update-ca-certificates")
        yield running


@pytest.fixture(scope="module")
def blog(server: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The app `blog`, live as blog.example.com."""
    laptop = Laptop(server, tmp_path_factory.mktemp("https") / "laptop", installed.key)
    found = Site.new(server, laptop, "blog")
    found.deploy("tiny", {"VERSION": "1\n", "static/app.css": "body { color: red }\n"})
    found.cli(f"domains:add {NAME}")
    return found


@pytest.fixture
def plain(blog: Site, acme: Pebble) -> Site:
    """Without a certificate."""
    blog.cli("certs:remove")
    return blog


@pytest.fixture
def secured(blog: Site, acme: Pebble) -> Site:
    """With a certificate of the ACME server."""
    if not (served := certs(blog)) or not all(one["served"] for one in served):
        blog.cli(ASK)
    return blog


@pytest.fixture
def authority(server: Host, tmp_path: Path) -> Iterator[Path]:
    """A folder with an authority of one's own, which the server knows."""
    known = "/usr/local/share/ca-certificates/own.crt"
    server.write(known, proxy.make_authority(tmp_path).read_text())
    server.run("update-ca-certificates")
    yield tmp_path
    server.run("rm", known)
    server.run("update-ca-certificates", "--fresh")


def certs(site: Site) -> list[dict[str, Any]]:
    """What `pushdeploy certs` says."""
    found: list[dict[str, Any]] = json.loads(site.laptop.ssh("certs --json", check=True).stdout)
    return found


def fingerprint(site: Site, name: str = NAME) -> str:
    """Of the certificate that a visitor is shown."""
    line = f"openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null"
    return site.host.run(
        "sh", "-c", f"{line} 2>/dev/null | openssl x509 -noout -fingerprint -sha256"
    ).stdout


def fingerprint_on_disk(site: Site) -> str:
    """Of the certificate that certbot got last."""
    asked = ("openssl", "x509", "-in", f"{LIVE}/cert.pem", "-noout", "-fingerprint", "-sha256")
    return site.host.run(*asked).stdout


def renew(site: Site) -> processes.Result:
    """What certbot's timer does when the time has come."""
    return site.host.run("certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew")


def give(site: Site, chain: str, key: str) -> processes.Result:
    """`certs:add` from the laptop."""
    return site.cli("certs:add - -", stdin=json.dumps([chain, key]), check=False)


def assert_plain(site: Site) -> None:
    """Visitors get the app on port 80, and nothing on 443; nothing is left of any certificate."""
    assert visit(site.host, PLAIN).status == 200
    assert curl(site.host, BLOG)[0] in (7, 35)
    assert certs(site) == []
    assert site.settings["certificate"] == ""
    assert not site.host.exists(LIVE)
    assert not site.host.exists("/etc/pushdeploy/certs/blog.pem")


# What is seen before anybody is asked


@pytest.mark.parametrize(
    ("address", "names", "words"),
    [
        (proxy.NOWHERE, [NAME], ("points to 192.0.2.9", "nothing answers there on port 80")),
        ("127.0.0.1", [OTHER], (f"DNS does not know `{NAME}`", "make an A record")),
    ],
)
def test_a_name_that_does_not_lead_here_is_not_asked_for(
    plain: Site, acme: Pebble, address: str, names: list[str], words: tuple[str, ...]
) -> None:
    before = acme.orders
    know_names(plain.host, address, names)

    refused = plain.cli(ASK, check=False)

    know_names(plain.host)
    assert_cli_refused(refused, 69, *words)
    assert acme.orders == before
    assert_plain(plain)


def test_a_server_whose_own_dns_is_silent_does_not_send_anybody_to_their_provider(
    plain: Site, acme: Pebble
) -> None:
    before = acme.orders
    know_names(plain.host, names=[OTHER])
    files = plain.host.read("/etc/nsswitch.conf")
    plain.host.write("/etc/nsswitch.conf", files.replace("hosts: files", "hosts: files dns"))

    refused = plain.cli(ASK, check=False)

    plain.host.write("/etc/nsswitch.conf", files)
    know_names(plain.host)
    assert_cli_refused(refused, 69, f"can't look up `{NAME}`: its own DNS gives no answer")
    assert "A record" not in refused.stderr
    assert acme.orders == before


def test_another_server_on_port_80_is_seen_before_anybody_is_asked(
    plain: Site, acme: Pebble
) -> None:
    before = acme.orders
    plain.host.run("systemctl", "stop", "nginx")
    stranger = plain.host.start("python3", "-m", "http.server", "80", "--directory", "/srv")
    plain.host.run("bash", "-c", "until (: </dev/tcp/127.0.0.1/80) 2>/dev/null; do sleep 0.1; done")

    refused = plain.cli(ASK, check=False)

    processes.end(stranger)
    plain.host.run("systemctl", "start", "nginx")
    assert_cli_refused(refused, 69, "port 80 is in use by `python3`")
    assert acme.orders == before
    assert_plain(plain)


def test_without_an_e_mail_or_with_a_star_nobody_is_asked(plain: Site, acme: Pebble) -> None:
    before = acme.orders
    plain.host.run("rm", "--force", "/etc/pushdeploy/settings.toml")

    nobody = plain.cli("certs:auto", check=False)
    plain.cli("domains:add '*.example.com'")
    star = plain.cli(ASK, check=False)
    plain.cli("domains:remove '*.example.com'")

    assert_cli_refused(nobody, 2, "certs:auto --email")
    assert_cli_refused(star, 2, "`*.example.com` needs DNS validation", "certs:add")
    assert acme.orders == before


# What can go wrong while it is asked


def test_a_validation_that_fails_changes_nothing_and_says_why(plain: Site, acme: Pebble) -> None:
    acme.lead_astray(NAME)

    refused = plain.cli(ASK, check=False)

    acme.lead_back(NAME)
    assert_cli_refused(refused, 69, f"no certificate for {NAME}", proxy.NOWHERE, "letsencrypt.log")
    assert_plain(plain)


def test_an_acme_server_that_is_down_changes_nothing_and_is_not_kept(
    plain: Site, acme: Pebble
) -> None:
    plain.host.run("rm", "--force", "/etc/pushdeploy/settings.toml")

    refused = plain.cli(
        "certs:auto --email me@example.com --server https://127.0.0.1:9/dir", check=False
    )

    assert_cli_refused(refused, 69, "the ACME server can't be reached: Connection refused", "curl")
    assert "Traceback" not in refused.stderr
    assert not plain.host.exists("/etc/pushdeploy/settings.toml")
    assert_plain(plain)


def test_a_second_name_that_fails_leaves_the_certificate_of_the_first(
    secured: Site, acme: Pebble
) -> None:
    before = fingerprint(secured)
    secured.cli(f"domains:add {OTHER}")
    acme.lead_astray(OTHER)

    refused = secured.cli(ASK, check=False)

    acme.lead_back(OTHER)
    secured.cli(f"domains:remove {OTHER}")
    assert_cli_refused(refused, 69, OTHER)
    assert fingerprint(secured) == before
    assert curl(secured.host, BLOG)[1].startswith("v=")


# What visitors get


def test_one_command_brings_https(plain: Site) -> None:
    done = plain.cli(ASK)

    assert f"https://{NAME} is served until 20" in done.stderr
    redirect = visit(plain.host, f"{PLAIN}/posts?page=2")
    assert (redirect.status, redirect.headers["Location"]) == (308, f"{BLOG}/posts?page=2")
    status, headers = curl(plain.host, "--http2", "-D-", "-o/dev/null", BLOG)
    assert status == 0
    assert headers.startswith("HTTP/2 200")
    assert "strict-transport-security: max-age=63072000\n" in headers
    assert headers.count("strict-transport-security") == 1
    assert '"X-Forwarded-Proto": "https"' in curl(plain.host, f"{BLOG}/headers")[1]
    assert [one["served"] for one in certs(plain)] == [True]


def test_static_files_come_by_https_with_hsts_too(secured: Site) -> None:
    _, headers = curl(secured.host, "-D-", "-o/dev/null", f"{BLOG}/static/app.css")

    assert headers.startswith("HTTP/2 200")
    assert headers.count("strict-transport-security: max-age=63072000\n") == 1
    assert "cache-control: no-cache\n" in headers


def test_the_chain_is_whole_and_for_the_name(secured: Site) -> None:
    trusting = ("-CAfile", ROOT, "-verify_return_error", "-verify_hostname", NAME)

    shown = handshake(secured.host, NAME, *trusting, "-showcerts")

    assert "Verify return code: 0 (ok)" in shown
    assert shown.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_tls_1_2_and_1_3_are_spoken(secured: Site, version: str) -> None:
    assert re.search(r"New, TLSv1\.[23], Cipher is [A-Z]", handshake(secured.host, NAME, version))


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_are_refused_by_the_server(secured: Site, version: str) -> None:
    shown = handshake(secured.host, NAME, version, "-cipher", "ALL:@SECLEVEL=0")

    assert "alert protocol version" in shown
    assert "Cipher is (NONE)" in shown


@pytest.mark.parametrize("cipher", INTERMEDIATE)
def test_ciphers_of_the_intermediate_profile_are_spoken(secured: Site, cipher: str) -> None:
    assert f"Cipher is {cipher}" in handshake(secured.host, NAME, "-tls1_2", "-cipher", cipher)


@pytest.mark.parametrize("cipher", FORBIDDEN)
def test_other_ciphers_are_refused_by_the_server(secured: Site, cipher: str) -> None:
    shown = handshake(secured.host, NAME, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")

    assert "alert handshake failure" in shown
    assert "Cipher is (NONE)" in shown


def test_a_name_that_nobody_has_gets_no_handshake(secured: Site) -> None:
    assert curl(secured.host, "https://lost.example.com") == (35, "")
    assert curl(secured.host, "https://127.0.0.1") == (35, "")


def test_a_foreign_host_under_a_valid_name_is_closed_without_an_answer(secured: Site) -> None:
    foreign = ("--http1.1", "-H", "Host: lost.example.com", BLOG)

    status, output = curl(secured.host, *foreign)

    assert status in (52, 56)  # by the version of OpenSSL: nothing came, or the end came unsaid
    assert output == ""


def test_a_deploy_says_https_and_never_reloads_nginx(secured: Site) -> None:
    before = nginx_pids(secured.host)
    secured.change({"VERSION": "2\n"})

    push = secured.push()

    assert push.exit_status == 0, push.output
    assert BLOG in "\n".join(said(push))
    assert nginx_pids(secured.host) == before
    assert curl(secured.host, BLOG)[1].startswith("v=2 ")


def test_a_deploy_asks_nobody(secured: Site, acme: Pebble) -> None:
    before = acme.orders
    acme.lead_astray(NAME)
    secured.change({"VERSION": "3\n"})

    push = secured.push()

    acme.lead_back(NAME)
    assert push.exit_status == 0, last_words(push)
    assert acme.orders == before


# More names


def test_a_name_added_later_is_plain_until_it_is_asked_for_too(secured: Site) -> None:
    secured.cli(f"domains:add {OTHER}")
    listed = {one["domain"]: (one["covered"], one["served"]) for one in certs(secured)}
    between = visit(secured.host, f"http://{OTHER}").status
    table = secured.laptop.ssh("certs", check=True)
    secured.change({"VERSION": "4\n"})
    push = "\n".join(said(secured.push()))
    reconciled = secured.host.run("pushdeploy", "reconcile")

    secured.cli("certs:auto")
    after = visit(secured.host, f"http://{OTHER}").status
    names = [curl(secured.host, f"https://{name}/")[0] for name in (NAME, OTHER)]
    secured.cli(f"domains:remove {OTHER}")

    assert listed == {NAME: (True, True), OTHER: (False, False)}
    assert "not in it" in table.stdout
    assert "certs:auto --app blog" in table.stderr
    assert f"https://{NAME}" in push
    assert f"http://{OTHER}" in push
    assert "failed" not in reconciled.stdout + reconciled.stderr
    assert (between, after) == (200, 308)
    assert names == [0, 0]


# Renewal


def test_certbots_timer_is_there(secured: Site) -> None:
    asked = ("systemctl", "is-active", "certbot.timer")

    assert secured.host.run(*asked).stdout == "active\n"


def test_a_renewed_certificate_is_shown_at_once(secured: Site) -> None:
    before = fingerprint(secured)

    renewed = renew(secured)

    assert renewed.returncode == 0
    assert fingerprint(secured) == fingerprint_on_disk(secured)
    assert fingerprint(secured) != before


def test_a_hook_that_fails_is_seen_and_made_up_for(secured: Site) -> None:
    before = fingerprint(secured)
    secured.host.write(THEIRS, "nonsense on;\n")
    try:
        renew(secured)
        between = fingerprint(secured)
        listed = [one["served"] for one in certs(secured)]
        table = secured.laptop.ssh("certs", check=True).stdout
        tried = secured.host.run("pushdeploy", "reconcile", check=False)
    finally:
        secured.host.run("rm", THEIRS)

    healed = secured.host.run("pushdeploy", "reconcile")

    assert between == before
    assert listed == [False]
    assert re.search(rf"{NAME}.* NO\b", table)
    assert "theirs.conf" in tried.stdout + tried.stderr
    assert f"loaded the certificate of {NAME}" in healed.stdout + healed.stderr
    assert fingerprint(secured) == fingerprint_on_disk(secured) != before


def test_asking_again_takes_up_what_was_renewed_meanwhile(secured: Site) -> None:
    hook = "/etc/letsencrypt/renewal-hooks/deploy/pushdeploy"
    secured.host.run("chmod", "-x", hook)
    renew(secured)
    stale = fingerprint(secured) != fingerprint_on_disk(secured)

    secured.cli(ASK)

    assert stale
    assert fingerprint(secured) == fingerprint_on_disk(secured)
    assert secured.host.run("test", "-x", hook).returncode == 0


# A certificate of one's own


def test_what_browsers_would_refuse_is_refused(plain: Site, authority: Path) -> None:
    chain, key = proxy.make_certificate(authority, NAME)
    _, foreign_key = proxy.make_certificate(authority, NAME)
    other_chain, other_key = proxy.make_certificate(authority, OTHER)
    old_chain, old_key = proxy.make_certificate(authority, NAME, days=-1)
    (authority / "locked").write_text(key)
    locked = processes.run(
        ["openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", str(authority / "locked")]
    ).stdout
    cases = [
        (chain, foreign_key, "the key does not belong to the certificate"),
        (other_chain, other_key, f"the certificate is for {OTHER}, not for {NAME}"),
        (old_chain, old_key, "the certificate expired on"),
        (key, chain, "are the two files swapped?"),
        (chain, locked, "the key is encrypted"),
        ("hello", key, "contains no PEM certificate"),
        (chain, "hello", "contains no PEM private key"),
    ]

    for given, with_key, words in cases:
        refused = give(plain, given, with_key)

        assert_cli_refused(refused, 3, words)
        assert "PRIVATE KEY" not in refused.stderr
        assert_plain(plain)


def test_a_chain_that_ends_at_nobody_is_refused(plain: Site, tmp_path: Path) -> None:
    proxy.make_authority(tmp_path)

    refused = give(plain, *proxy.make_certificate(tmp_path, NAME))

    assert_cli_refused(refused, 3, "the chain is incomplete: `CN=Test Root` is missing")
    assert_plain(plain)


def test_a_certificate_that_no_browser_trusts_is_served_without_hsts(
    plain: Site, tmp_path: Path
) -> None:
    root = proxy.make_authority(tmp_path).read_text()
    leaf, key = proxy.make_certificate(tmp_path, NAME)

    done = give(plain, leaf + root, key)

    _, headers = curl(plain.host, "-D-", "-o/dev/null", BLOG)
    _, static = curl(plain.host, "-D-", "-o/dev/null", f"{BLOG}/static/app.css")
    trusted = [one["trusted"] for one in certs(plain)]
    plain.cli("certs:remove")
    assert done.returncode == 0, done.stderr
    assert "No browser trusts what CN=Test Root issues" in done.stderr
    assert headers.startswith("HTTP/2 200")
    assert "strict-transport-security" not in (headers + static).lower()
    assert trusted == [False]


def test_an_own_certificate_is_served_replaced_and_removed(plain: Site, authority: Path) -> None:
    plain.host.write("/root/own.pem", (authority / "ca.pem").read_text())
    trusting = ("-CAfile", "/root/own.pem", "-verify_return_error", "-verify_hostname", NAME)

    first = give(plain, *proxy.make_certificate(authority, NAME))
    shown = handshake(plain.host, NAME, *trusting)
    one = fingerprint(plain)
    give(plain, *proxy.make_certificate(authority, "*.example.com", NAME))
    another = fingerprint(plain)
    mode = plain.host.run("stat", "--format=%a %U", "/etc/pushdeploy/certs/blog.pem").stdout
    kinds = [(one["kind"], one["served"]) for one in certs(plain)]
    plain.cli("certs:remove")

    assert first.returncode == 0, first.stderr
    assert "Verify return code: 0 (ok)" in shown
    assert one != another
    assert mode == "600 root\n"
    assert kinds == [("own", True)]
    assert_plain(plain)


def test_an_own_certificate_that_nginx_does_not_take_leaves_what_was_there(
    secured: Site, authority: Path
) -> None:
    before = fingerprint(secured)
    secured.host.write(THEIRS, "nonsense on;\n")

    refused = give(secured, *proxy.make_certificate(authority, NAME))

    secured.host.run("rm", THEIRS)
    assert_cli_refused(refused, 69, "theirs.conf")
    assert secured.settings["certificate"] == "auto"
    assert not secured.host.exists("/etc/pushdeploy/certs/blog.pem")
    secured.host.run("pushdeploy", "reconcile")
    assert fingerprint(secured) == before


def test_an_own_certificate_takes_the_place_of_certbots(secured: Site, authority: Path) -> None:
    done = give(secured, *proxy.make_certificate(authority, NAME))

    left = secured.host.exists(LIVE)
    secured.cli(ASK)
    assert done.returncode == 0, done.stderr
    assert not left
    assert not secured.host.exists("/etc/pushdeploy/certs/blog.pem")
    assert [one["kind"] for one in certs(secured)] == ["auto"]


def test_removing_goes_back_to_port_80_and_ends_the_renewal(secured: Site) -> None:
    secured.cli("certs:remove")

    assert_plain(secured)
    assert not secured.host.exists("/etc/letsencrypt/renewal/pushdeploy-blog.conf")


def test_an_app_that_is_destroyed_takes_its_certificate_along(secured: Site) -> None:
    secured.laptop.ssh("apps:create second", check=True)
    secured.laptop.ssh("domains:add other.example.com --app second", check=True)
    secured.laptop.ssh(f"{ASK} --app second", check=True)

    secured.laptop.ssh("apps:destroy --app second --confirm second", check=True)

    assert not secured.host.exists("/etc/letsencrypt/live/pushdeploy-second")
    assert curl(secured.host, "https://other.example.com")[0] == 35
    assert curl(secured.host, BLOG)[1].startswith("v=")


# Under load


def test_deploys_under_load_through_https_lose_nothing(
    secured: Site, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    (tmp_path / "root.pem").write_text(secured.host.read(ROOT))
    before = nginx_pids(secured.host)
    secure = (f"--host={NAME}", f"--ca={tmp_path / 'root.pem'}")

    with visitors(secured.host, "https://127.0.0.1/", *secure, *MIXED) as visit:
        for number in range(DEPLOYS):
            secured.deploy_version(100 + number)

    assert visit.errors == [], visit.figures
    assert len(visit.releases) >= DEPLOYS
    assert nginx_pids(secured.host) == before
    record_property("figures", visit.figures)
