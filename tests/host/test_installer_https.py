"""From nothing to HTTPS on a new server: one installer command and one push; and back again.

The tests tell one story, in their order, on one server.
"""

import re
from collections.abc import Callable, Iterator

import pytest

from pushdeploy.model.layout import SERVER
from tests.host import checkout, from_nothing, pebble, processes, proxy
from tests.host.checkout import run_installer as install
from tests.host.from_nothing import EMAIL, NAME, WHOLE
from tests.host.host import Host
from tests.host.pebble import Pebble
from tests.host.proxy import curl, know_names, visit
from tests.host.story import BLOG, Site

WELCOME = "/etc/nginx/sites-enabled/default"
FAKE_APT = '#!/bin/sh\necho "fake $*" >&2\nexit 100\n'


@pytest.fixture(scope="module")
def server(suite: str, hosts_can_boot: None) -> Iterator[Host]:
    """A server with this checkout at /srv/src, and nothing installed from it."""
    with Host.boot(suite, "from-nothing") as host:
        checkout.copy_to(host)
        yield host


@pytest.fixture(scope="module")
def blog(server: Host, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The example blog on a laptop, whose public key lies on the server."""
    return from_nothing.site(server, tmp_path_factory.mktemp("laptop") / "home")


@pytest.fixture(scope="module")
def acme(server: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """An ACME server."""
    with pebble.running(server, tmp_path_factory.mktemp("pebble")) as running:
        yield running


def is_on(host: Host) -> bool:
    """True when the firewall is."""
    return "Status: active" in host.run("ufw", "status").stdout


def test_only_what_is_missing_is_installed_and_ufw_only_for_the_firewall(server: Host) -> None:
    server.write("/usr/local/sbin/apt-get", FAKE_APT, mode="0755")
    server.run("mv", "/usr/sbin/ufw", "/usr/sbin/ufw.away")
    server.run("mv", "/usr/sbin/nginx", "/usr/sbin/nginx.away")

    plain = install(server, check=False).stderr
    whole = install(server, "--firewall", check=False).stderr

    server.run("mv", "/usr/sbin/ufw.away", "/usr/sbin/ufw")
    server.run("mv", "/usr/sbin/nginx.away", "/usr/sbin/nginx")
    server.run("rm", "/usr/local/sbin/apt-get")
    assert "Installing Debian packages: nginx-light\n" in plain
    assert "Installing Debian packages: nginx-light ufw\n" in whole
    assert not server.exists("/opt/pushdeploy")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--domain", NAME), "`--domain` needs an app"),
        (("--email", EMAIL), "`--email` needs an app"),
        (("--app", "blog", "--domain", "http://x"), "only the name is wanted"),
        (("--app", "blog", "--domain", NAME, "--email", "me"), "not an e-mail address"),
        (("--app", "blog", "--domain", ""), "`--domain` needs a value"),
        (("--app", "blog", "--acme-server", "http://x"), "not the https address"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_done(
    server: Host, words: tuple[str, ...], complaint: str
) -> None:
    refused = install(server, *words, check=False)

    assert refused.returncode == 2, refused.stderr
    assert complaint in refused.stderr
    assert not server.exists("/etc/pushdeploy")
    assert server.exists(WELCOME)


def test_another_web_server_on_port_80_is_in_the_way_of_a_domain_and_of_nothing_else(
    server: Host, blog: Site
) -> None:
    server.run("systemctl", "stop", "nginx")
    stranger = server.start("python3", "-m", "http.server", "80")
    server.run("bash", "-c", "until (: </dev/tcp/127.0.0.1/80) 2>/dev/null; do sleep 0.1; done")

    refused = install(server, "--app", "blog", "--domain", NAME, check=False)
    untouched = not server.exists("/opt/pushdeploy")
    done = install(server, "--app", "blog", check=False)

    processes.end(stranger)
    server.run("systemctl", "start", "nginx")
    assert refused.returncode == 69, refused.stderr
    assert "port 80 is in use by `python3" in refused.stderr
    assert untouched
    assert "port 80 is in use by `python3" in done.stderr
    assert "=====> Installed, but not ready" in done.stderr
    assert done.returncode == 69
    assert "=====> Ready" not in done.stderr
    assert blog.settings["domains"] == []


def test_a_name_that_does_not_lead_here_yet_is_said_and_all_else_is_done(
    server: Host, blog: Site, acme: Pebble
) -> None:
    before = acme.orders

    done = install(server, *WHOLE, check=False)

    assert f"DNS does not know `{NAME}`" in done.stderr
    assert f"pushdeploy certs:auto --email {EMAIL} --server {pebble.DIRECTORY}" in done.stderr
    assert "=====> Installed, but not all of it" in done.stderr
    assert done.returncode == 69
    assert acme.orders == before
    assert blog.settings["domains"] == [NAME]
    assert is_on(server)


def test_one_command_and_one_push_bring_the_blog_to_https(
    server: Host, blog: Site, acme: Pebble, record_property: Callable[[str, object], None]
) -> None:
    install(server, "uninstall", "--purge", "--yes")
    server.run("ufw", "--force", "reset")
    know_names(server)

    done = install(server, *WHOLE)
    blog.become(BLOG)
    blog.laptop.git(blog.app, "commit", "--amend", "--quiet", "--message=A small blog")
    push = blog.push()

    assert push.exit_status == 0, push.output
    given = rf"Getting a certificate for {NAME}\n(?: +still .*\n)* +ok\n"
    assert re.search(given, done.stderr), done.stderr
    assert f"https://{NAME}" in push.output
    status, page = curl(server, f"https://{NAME}/")
    assert status == 0
    assert "<html" in page
    assert visit(server, f"http://{NAME}/").status == 308
    assert curl(server, "http://127.0.0.1/")[0] == 52
    assert is_on(server)
    assert not server.exists(WELCOME)
    record_property("transcript", done.stderr + push.output)


def test_a_second_run_has_nothing_to_do(server: Host, blog: Site) -> None:
    before = proxy.nginx_pids(server)

    again = install(server, *WHOLE)

    assert "Ready, nothing to do" in again.stderr
    assert proxy.nginx_pids(server) == before


def test_after_uninstall_and_a_new_installation_https_is_back(server: Host, blog: Site) -> None:
    gone = install(server, "uninstall", "--yes")
    between = curl(server, f"https://{NAME}/")[0]
    welcome = visit(server, "http://127.0.0.1/").text
    noted = server.exists(str(SERVER.proxy.loaded))

    install(server)

    assert not noted
    assert between in (7, 35)
    assert "Welcome to nginx" in welcome
    assert "allow 22/tcp, allow 80/tcp, allow 443/tcp" in gone.stderr
    assert "sudo ufw delete" in gone.stderr
    assert "<html" in curl(server, f"https://{NAME}/")[1]
    assert server.exists("/etc/letsencrypt/renewal-hooks/deploy/pushdeploy")


def test_purge_takes_the_certificates_along_and_leaves_the_firewall(
    server: Host, blog: Site
) -> None:
    install(server, "uninstall", "--purge", "--yes")

    assert server.run("ls", "/etc/nginx/conf.d").stdout == ""
    assert not server.exists("/etc/letsencrypt/live/pushdeploy-blog")
    assert not server.exists("/etc/letsencrypt/renewal-hooks/deploy/pushdeploy")
    assert "Welcome to nginx" in visit(server, "http://127.0.0.1/").text
    assert is_on(server)
