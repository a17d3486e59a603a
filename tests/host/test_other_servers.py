"""A server whose owner has set nginx, sshd and port 80 in his own way: said, or coexisted with.

The tests tell one story, in their order, on one server; each leaves nothing behind.
"""

from collections.abc import Iterator

import pytest

from tests.host import checkout, processes, proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.proxy import curl, visit
from tests.host.story import Site, eventually

NAME = "blog.example.com"
OWN = "/etc/nginx/conf.d/0-own.conf"
MAIN = "/etc/nginx/nginx.conf"
ACCESS = "/etc/security/access.conf"


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[Host]:
    """A server of this file's own; `blog` was made by the installer."""
    with Host.boot(installed.suite, "others", installed.disk) as host:
        proxy.know_names(host)
        checkout.copy_to(host)
        yield host


@pytest.fixture(scope="module")
def site(server: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The app `blog`, live on the bare address."""
    laptop = Laptop(server, tmp_path_factory.mktemp("others") / "laptop", installed.key)
    found = Site.new(server, laptop, "blog")
    found.deploy("tiny", {"static/app.css": "style"})
    return found


NOT_READY = 69


def install(host: Host, *words: str) -> str:
    """Run the installer once more; what it says, as one line a message."""
    done = checkout.run_installer(host, *words, check=False)
    assert done.returncode == (0 if "=====> Ready" in done.stderr else NOT_READY), done.stderr
    return done.stderr


def reconcile(host: Host) -> processes.Result:
    """What the timer runs."""
    return host.run("pushdeploy", "reconcile", check=False)


def assert_in_order(site: Site) -> None:
    """Nothing is in the way any more."""
    site.host.run("pushdeploy", "reconcile")
    assert "Ready, nothing to do" in install(site.host)
    assert visit(site.host, "http://127.0.0.1/").text.startswith("v=")


def test_nginx_may_run_as_another_user(site: Site) -> None:
    site.host.run("useradd", "--system", "nginx")
    site.host.run("sed", "-i", "s/^user .*/user nginx;/", MAIN)
    site.host.run("systemctl", "restart", "nginx")

    done = reconcile(site.host)
    shown = visit(site.host, "http://127.0.0.1/").text
    static = visit(site.host, "http://127.0.0.1/static/app.css").text
    group = site.host.run("getent", "group", "pd-front").stdout.strip()
    site.host.run("sed", "-i", "s/^user .*/user www-data;/", MAIN)
    site.host.run("systemctl", "restart", "nginx")
    again = install(site.host)

    assert done.returncode == 0, done.stdout
    assert shown.startswith("v=")
    assert static == "style"
    assert group.endswith(":nginx")
    assert "=====> Ready\n" in again
    assert site.host.run("getent", "group", "pd-front").stdout.strip().endswith(":www-data")
    assert_in_order(site)


def test_sockets_of_another_group_are_handed_over(site: Site) -> None:
    sockets = f"/run/pushdeploy/blog/{site.current}/web.sock"
    site.host.run("chgrp", "games", sockets)
    broken = visit(site.host, "http://127.0.0.1/").status

    reconcile(site.host)

    assert broken == 503
    assert_in_order(site)


def test_another_default_server_is_left_and_what_it_means_is_said(site: Site) -> None:
    theirs = (
        "listen 80 default_server; listen [::]:80 default_server; listen 443 ssl default_server;"
    )
    certificate = "/etc/nginx/own"
    site.host.run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own"),
        *("-keyout", f"{certificate}.key", "-out", f"{certificate}.pem"),
    )
    pair = f"ssl_certificate {certificate}.pem; ssl_certificate_key {certificate}.key;"
    site.host.write(OWN, f"server {{ {theirs} {pair} return 200 theirs; }}\n")

    done = reconcile(site.host)
    again = install(site.host)
    bare = visit(site.host, "http://127.0.0.1/").text
    site.change({"README.md": "another"})
    pushed = site.push()
    site.cli(f"domains:add {NAME}")
    named, quiet = visit(site.host, f"http://{NAME}/").text, reconcile(site.host)
    ready = install(site.host)
    site.cli(f"domains:remove {NAME}")
    site.host.run("rm", OWN)

    assert done.returncode != 0
    assert "the bare address shows another site, not blog: `/etc/nginx/conf.d/0-own.conf`" in (
        done.stdout
    )
    assert "pushdeploy domains:add" in done.stdout
    assert "not ready" in again
    assert "=====> Ready" not in again
    assert bare == "theirs"
    assert pushed.exit_status == 0
    assert "To look at it, open http://127.0.0.1:8000 on your laptop" in pushed.output
    assert "http://127.0.0.1\n" not in pushed.output
    assert named.startswith("v=")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert "=====> Ready" in ready
    assert_in_order(site)


def test_an_nginx_that_does_not_come_back_after_a_reboot_is_named(site: Site) -> None:
    site.host.run("systemctl", "disable", "--quiet", "nginx")

    done = reconcile(site.host)
    again = install(site.host)

    site.host.run("systemctl", "enable", "--quiet", "nginx")
    assert done.returncode != 0
    assert "after a reboot nothing serves the apps: nginx is disabled" in done.stdout
    assert "sudo systemctl enable nginx" in again
    assert "=====> Ready" not in again
    assert_in_order(site)


def test_a_site_that_listens_on_one_address_is_named(site: Site) -> None:
    site.host.run("ip", "address", "add", "10.9.8.7/32", "dev", "lo")
    site.host.write(OWN, "server { listen 10.9.8.7:80; return 200 theirs; }\n")
    site.host.run("systemctl", "reload", "nginx")

    done = reconcile(site.host)

    site.host.run("rm", OWN)
    site.host.run("systemctl", "reload", "nginx")
    assert done.returncode != 0
    assert "visitors of 10.9.8.7, port 80, never reach the apps" in done.stdout
    assert_in_order(site)


def test_a_main_file_that_does_not_read_ours_is_named(site: Site) -> None:
    site.host.run("cp", MAIN, f"{MAIN}.before")
    site.host.run("sed", "-i", "/conf.d/d", MAIN)

    refused = site.cli(f"domains:add {NAME}", check=False)
    again = install(site.host)

    site.host.run("mv", f"{MAIN}.before", MAIN)
    site.host.run("systemctl", "reload", "nginx")
    assert refused.returncode != 0
    assert "include /etc/nginx/conf.d/*.conf;" in refused.stderr
    assert site.ask("domains") == []
    assert "=====> Ready" not in again
    assert_in_order(site)


def test_another_program_on_port_80_is_named_with_what_ends_it(site: Site) -> None:
    unit = "[Service]\nExecStart=/usr/bin/python3 -m http.server 80\n"
    site.host.write("/etc/systemd/system/apache2.service", unit)
    site.host.run("systemctl", "stop", "nginx")
    site.host.run("systemctl", "start", "apache2")
    site.host.run("bash", "-c", "until (: </dev/tcp/127.0.0.1/80) 2>/dev/null; do sleep 0.1; done")

    done = reconcile(site.host)
    again = install(site.host)

    site.host.run("systemctl", "stop", "apache2")
    site.host.run("rm", "/etc/systemd/system/apache2.service")
    assert done.returncode != 0
    assert "port 80 is in use by `python3" in done.stdout
    assert "port 80 is in use by `python3" in again
    assert "sudo systemctl disable --now apache2.service" in again
    assert "=====> Ready" not in again
    assert curl(site.host, "http://127.0.0.1/")[0] == 7
    assert_in_order(site)  # nginx was stopped, and is started


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        ("AllowUsers root ada@10.*", "AllowUsers root ada@10.* deploy"),
        ("DenyGroups dep* games", "DenyGroups games"),
        ("PubkeyAuthentication no", "pubkeyauthentication yes"),
    ],
)
def test_what_keeps_deploy_out_of_ssh_is_named_with_the_line_that_cures_it(
    site: Site, settings: str, cure: str
) -> None:
    file = "/etc/ssh/sshd_config.d/10-own.conf"
    site.host.write(file, f"{settings}\n")
    site.host.run("systemctl", "reload", "ssh")
    eventually(lambda: site.laptop.ssh("version").stderr.count("refused"), 0)
    pushed = site.laptop.ssh("version")

    done = reconcile(site.host)
    again = install(site.host)

    site.host.run("rm", file)
    site.host.run("systemctl", "reload", "ssh")
    assert pushed.returncode == 255
    assert done.returncode != 0
    assert f"in {file}: {cure};" in done.stdout
    assert f"in {file}: {cure};" in again
    assert "=====> Ready" not in again
    eventually(lambda: site.laptop.ssh("version").returncode, 0)  # sshd starts itself again
    assert_in_order(site)


def test_pam_access_that_keeps_deploy_out_is_named(site: Site) -> None:
    site.host.run("cp", ACCESS, f"{ACCESS}.before")
    site.host.write(ACCESS, "- : ALL EXCEPT root : ALL\n")
    site.host.run("sed", "-i", "1i account required pam_access.so", "/etc/pam.d/sshd")
    pushed = site.laptop.ssh("version")

    done = reconcile(site.host)
    again = install(site.host)
    site.host.run("sed", "-i", "1i + : deploy : ALL", ACCESS)
    cured = (site.laptop.ssh("version").returncode, reconcile(site.host).returncode)

    site.host.run("mv", f"{ACCESS}.before", ACCESS)
    site.host.run("sed", "-i", "1d", "/etc/pam.d/sshd")
    assert pushed.returncode == 255
    assert done.returncode != 0
    assert f"PAM keeps deploy out: `- : ALL EXCEPT root : ALL` in {ACCESS}" in done.stdout
    assert "+ : deploy : ALL" in done.stdout
    assert "=====> Ready" not in again
    assert cured == (0, 0)
    assert_in_order(site)
