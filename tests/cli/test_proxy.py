"""Domains, certificates, nginx, static files, the firewall, maintenance: asked for and told."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.engine.verbs.certs import Certificates, Renewed
from pushdeploy.engine.verbs.domains import ChangedDomains, Domains
from pushdeploy.engine.verbs.firewall import Firewall, Plan
from pushdeploy.engine.verbs.maintenance import Maintenance
from pushdeploy.engine.verbs.nginx import Setting, Site, SiteSettings
from pushdeploy.engine.verbs.static import Mounted, Static
from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.certificate import Certificate
from tests.cli.answers import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Pushdeploy
    from tests.cli.engine import FakeEngine

pytestmark = pytest.mark.usefixtures("in_utc")

PLAN = Plan(ssh_ports=(22,), opens=(22, 80, 443), active=False, ipv6=True)


CERTIFICATE = Certificate(
    app="blog",
    domain="blog.example.com",
    kind="auto",
    issuer="CN=R11",
    ends=NOW + 90 * 86_400,
    covered=True,
    served=True,
    trusted=True,
)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Nobody sits at the terminal; what is piped in can be written."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=content, isatty=lambda: False))
    return content


def test_domains_are_asked_for_as_certificates_write_them(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["domains.add"] = ChangedDomains(
        ("blog.example.com", "xn--bcher-kva.example"), note=""
    )

    said = pushdeploy("domains:add", "Blog.Example.com", "Bücher.example")

    assert (said.status, said.stdout) == (0, "")
    assert said.stderr == "blog answers as blog.example.com, xn--bcher-kva.example\n"
    assert engine.asked[-1]["names"] == ["blog.example.com", "xn--bcher-kva.example"]


def test_what_is_no_domain_never_reaches_the_engine(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    said = pushdeploy("domains:add", "a.com; return 200")

    assert said.status == UsageError.exit_code
    assert [one["verb"] for one in engine.asked] == ["apps"]


def test_the_bare_address_is_told_beside_the_domains(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["domains"] = Domains(("blog.example.com",), bare="http://10.0.0.5")

    said = pushdeploy("domains")

    assert said.stdout == "blog.example.com\n"
    assert said.stderr == "blog answers on the server's bare address: http://10.0.0.5\n"


def test_domains_are_data_and_none_is_talk(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers |= {
        "domains": Domains(("blog.example.com",), bare=None),
        "domains.remove": ChangedDomains((), note=""),
    }

    some = pushdeploy("domains")
    removed = pushdeploy("domains:remove", "blog.example.com")
    engine.answers["domains"] = Domains((), bare=None)
    none = pushdeploy("domains")

    assert some.stdout == "blog.example.com\n"
    assert removed.stderr == "blog has no domains left\n"
    assert (none.stdout, none.stderr) == (
        "",
        "blog has no domains. Add one: pushdeploy domains:add blog.example.com --app blog\n",
    )


def test_certificates_tell_whether_visitors_get_them(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["certs"] = Certificates(
        (
            CERTIFICATE,
            replace(CERTIFICATE, domain="www.example.com", covered=False, served=False),
            replace(CERTIFICATE, domain="shop.example.com", app="shop", kind="own", served=False),
        )
    )

    said = pushdeploy("certs")

    assert said.stdout == (
        "Domain            App   Ends        From  Issuer  Served\n"
        "blog.example.com  blog  2027-02-20  auto  CN=R11  yes\n"
        "www.example.com   blog  2027-02-20  auto  CN=R11  not in it\n"
        "shop.example.com  shop  2027-02-20  own   CN=R11  NO\n"
    )
    assert said.stderr == (
        "A domain is not in the certificate: pushdeploy certs:auto --app blog\n"
        "nginx does not serve the certificate on disk: pushdeploy reconcile\n"
    )


def test_a_certificate_is_asked_for(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["certs.auto"] = Certificates((CERTIFICATE,))

    said = pushdeploy("certs:auto", "--email", "me@example.com")

    assert said.stderr == (
        "https://blog.example.com is served until 2027-02-20, then renewed automatically\n"
    )
    assert engine.asked[-1] == {
        "verb": "certs.auto",
        "app": "blog",
        "email": "me@example.com",
        "server": None,
    }


def test_an_own_certificate_is_read_here(
    engine: FakeEngine, pushdeploy: Pushdeploy, tmp_path: Path
) -> None:
    engine.answers["certs.add"] = Certificates((replace(CERTIFICATE, kind="own"),))
    (tmp_path / "chain.pem").write_text("CHAIN\n")
    (tmp_path / "key.pem").write_text("KEY\n")

    said = pushdeploy("certs:add", str(tmp_path / "chain.pem"), str(tmp_path / "key.pem"))

    assert said.stderr == (
        "https://blog.example.com is served until 2027-02-20, then add a new one\n"
    )
    assert (engine.asked[-1]["chain"], engine.asked[-1]["key"]) == ("CHAIN\n", "KEY\n")


def test_an_own_certificate_comes_on_stdin_from_afar(
    engine: FakeEngine, pushdeploy: Pushdeploy, nobody: io.BytesIO
) -> None:
    engine.answers["certs.add"] = Certificates((replace(CERTIFICATE, kind="own"),))
    nobody.write(json.dumps(["CHAIN", "KEY"]).encode())
    nobody.seek(0)

    pushdeploy("certs:add", "--app", "blog", "-", "-", over_ssh=True)

    assert (engine.asked[-1]["chain"], engine.asked[-1]["key"]) == ("CHAIN", "KEY")


@pytest.mark.parametrize("content", [b"", b"[", b'["one"]', b"{}", b"7"])
def test_what_else_comes_on_stdin_is_refused_and_not_shown(
    engine: FakeEngine, pushdeploy: Pushdeploy, nobody: io.BytesIO, content: bytes
) -> None:
    nobody.write(content)
    nobody.seek(0)

    said = pushdeploy("certs:add", "--app", "blog", "-", "-", over_ssh=True)

    assert said.status == UsageError.exit_code
    assert "certs.add" not in [one["verb"] for one in engine.asked]


def test_a_certificate_that_is_refused_is_said_in_one_line(
    engine: FakeEngine, pushdeploy: Pushdeploy, tmp_path: Path
) -> None:
    engine.answers["certs.add"] = RefusedInputError("the key is encrypted", hint="openssl pkey")
    (tmp_path / "pem").write_text("-----BEGIN PRIVATE KEY-----")

    said = pushdeploy("certs:add", str(tmp_path / "pem"), str(tmp_path / "pem"))

    assert said.status == RefusedInputError.exit_code
    assert said.stderr == " !     the key is encrypted\n !     Next: openssl pkey\n"


def test_renewed_certificates_are_named(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["certs.renewed"] = Renewed(("blog.example.com",))
    some = pushdeploy("certs:renewed")
    engine.answers["certs.renewed"] = Renewed(())
    none = pushdeploy("certs:renewed")

    assert some.stderr == "nginx serves the new certificate for blog.example.com\n"
    assert none.stderr == "no new certificates\n"


def test_nginxs_settings_are_shown_set_and_unset(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers |= {
        "nginx.set": SiteSettings({"send-timeout": "31s"}),
        "nginx": Site(
            file="/etc/nginx/conf.d/pushdeploy-blog.conf",
            text="server {}\n",
            snippets="/etc/nginx/pushdeploy/blog",
            settings={"send-timeout": Setting("31s", "30s", "between two writes")},
        ),
    }

    put = pushdeploy("nginx:set", "send-timeout", "31")
    shown = pushdeploy("nginx:show")
    whole = pushdeploy("nginx:show", "--file")
    back = pushdeploy("nginx:unset", "send-timeout")

    assert put.stderr == "send-timeout of blog is 31s\n"
    assert shown.stdout == (
        "Setting       Value  Default  What it limits\n"
        "send-timeout  31s    30s      between two writes\n"
    )
    assert shown.stderr == (
        "File: /etc/nginx/conf.d/pushdeploy-blog.conf\n"
        "Your own directives: /etc/nginx/pushdeploy/blog/*.conf\n"
    )
    assert whole.stdout == "server {}\n"
    assert back.stderr == "send-timeout of blog has its default again\n"
    assert engine.asked[-1]["value"] is None


def test_static_folders_are_listed_added_and_removed(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    both = Static({"/media": "shared/media", "/static": "static"})
    engine.answers |= {"static": both, "static.add": Mounted(""), "static.remove": Static({})}

    listed = pushdeploy("static")
    added = pushdeploy("static:add", "/media/", "shared/media")
    removed = pushdeploy("static:remove", "/media")

    assert listed.stdout == (
        "URL       Folder\n/media/   shared/media/\n/static/  static/\n"  # the URLs' own slashes
    )
    assert added.stderr == "nginx serves /media/ of blog from shared/media\n"
    assert removed.stderr == "blog answers /media/ itself\n"


def test_the_firewall_says_what_it_would_do_before_it_asks(
    engine: FakeEngine, pushdeploy: Pushdeploy, nobody: io.BytesIO
) -> None:
    engine.answers["firewall.plan"] = replace(PLAN, ssh_ports=(22, 2222), ipv6=False)

    said = pushdeploy("firewall:enable")

    assert said.status == UsageError.exit_code
    assert said.stderr == (
        "ssh listens on port 22, 2222; it stays open, for IPv4 and IPv6.\n"
        "Rules to add: allow 22/tcp, 80/tcp, 443/tcp.\n"
        "Warning: ufw leaves IPv6 alone; see IPV6=no in /etc/default/ufw.\n"
        " !     there is no terminal to ask for confirmation\n"
        " !     Next: pushdeploy firewall:enable --yes\n"
    )
    assert [one["verb"] for one in engine.asked] == ["firewall.plan"]


def test_the_firewall_is_turned_on_by_a_yes(
    engine: FakeEngine, pushdeploy: Pushdeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.2 51234 10.0.0.1 22")
    engine.answers |= {"firewall.plan": PLAN, "firewall.enable": PLAN}

    said = pushdeploy("firewall:enable", "--yes")

    assert said.stderr.endswith("The firewall is on. See it: pushdeploy firewall:status\n")
    assert engine.asked[-1] == {
        "verb": "firewall.enable",
        "connection": "10.0.0.2 51234 10.0.0.1 22",
        "confirmed": True,
    }


def test_a_firewall_that_is_on_and_whole_is_left_alone(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["firewall.plan"] = replace(PLAN, opens=(), active=True)

    said = pushdeploy("firewall:enable")

    assert said.status == 0
    assert said.stderr.endswith("The firewall is on already, and nothing is missing.\n")
    assert [one["verb"] for one in engine.asked] == ["firewall.plan"]


def test_a_firewall_that_is_off_says_how_to_turn_it_on(
    engine: FakeEngine, pushdeploy: Pushdeploy
) -> None:
    engine.answers["firewall"] = Firewall(active=False, text=("Status: inactive",))

    said = pushdeploy("firewall:status")

    assert said.stdout == "Status: inactive\n"
    assert said.stderr == "Turn it on: pushdeploy firewall:enable\n"


def test_maintenance_goes_on_and_off(engine: FakeEngine, pushdeploy: Pushdeploy) -> None:
    engine.answers["maintenance"] = Maintenance("blog", maintenance=True)
    engine.answers["maintenance.set"] = Maintenance("blog", maintenance=True)

    on = pushdeploy("maintenance:on", "--message", "Back at 9")
    asked = engine.asked[-1]
    shown = pushdeploy("maintenance")
    off = pushdeploy("maintenance:off")

    assert on.stderr == "Enabling maintenance mode for blog... done\n"
    assert asked == {"verb": "maintenance.set", "app": "blog", "on": True, "message": "Back at 9"}
    assert shown.stdout == "on\n"
    assert off.stderr == "Disabling maintenance mode for blog... done\n"
