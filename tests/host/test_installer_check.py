"""A server that is not empty: what the installer finds, says, refuses and leaves, by content."""

from collections.abc import Iterator

import pytest

from tests.host import checkout, processes
from tests.host.host import Host
from tests.host.web import http_request

SHOP = "/etc/nginx/sites-available/default"
SITE = """\
server {
  listen 80 default_server;
  listen [::]:80 default_server;
  server_name shop.example.com;
  root /var/www/shop;
}
"""
SERVICE = "[Service]\nExecStart=/home/ubuntu/venv/bin/gunicorn -b 127.0.0.1:8000 app:app\n"
CRON = "0 3 * * * root certbot renew --quiet\n"

FOUND = """
find / -xdev ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*' ! -path '/tmp/*' \\
  ! -path '/var/log/*' ! -path '/var/lib/systemd/*' ! -path '/var/tmp/*' \\
  \\( -type f -printf '%p %m %U %G %s\\n' -o -printf '%p %m %U %G\\n' \\) | sort
dpkg --list | awk '{print $1, $2, $3}'
getent passwd
"""


@pytest.fixture(scope="module")
def used(suite: str, hosts_can_boot: None) -> Iterator[Host]:
    """A server that has a live site where the welcome page was, and a service, and a cron job."""
    with Host.boot(suite, "used") as host:
        checkout.copy_to(host)
        host.write(SHOP, SITE)
        host.write("/var/www/shop/index.html", "the shop\n")
        host.write("/etc/systemd/system/shop.service", SERVICE)
        host.write("/etc/cron.d/renew", CRON)
        host.run("systemctl", "reload", "nginx")
        yield host


def install(host: Host, *words: str) -> processes.Result:
    """Run the installer."""
    return checkout.run_installer(host, *words, check=False)


def found(host: Host) -> str:
    """Every file, package and user."""
    return host.run("sh", "-c", FOUND).stdout


def shop(host: Host) -> str:
    """What visitors of the shop see."""
    return http_request(host, "http://shop.example.com/").text


def test_a_look_changes_nothing_and_says_what_stays(used: Host) -> None:
    before = found(used)

    looked = install(used, "--check", "--app", "blog", "--domain", "blog.example.com")

    assert looked.returncode == 0, looked.stderr
    assert "nginx serves shop.example.com and for names that nobody has" in looked.stderr
    assert "shop.service runs gunicorn" in looked.stderr
    assert "certbot renew" in looked.stderr
    assert "nothing changed" in looked.stderr
    assert found(used) == before


def test_an_sshd_that_would_keep_pushes_out_is_said_before_the_installation(used: Host) -> None:
    mine = "/etc/ssh/sshd_config.d/10-mine.conf"
    used.write(mine, "AllowUsers admin\n")

    looked = install(used, "--check")

    used.run("rm", mine)
    assert looked.returncode == 0, looked.stderr
    assert "sshd's own settings keep deploy out: allowusers admin" in looked.stderr
    assert f"in {mine}: AllowUsers admin deploy; then: systemctl reload ssh" in looked.stderr
    assert "Nothing is in the way" not in looked.stderr


def test_all_that_is_in_the_way_is_said_at_once_and_nothing_is_done(used: Host) -> None:
    used.run("useradd", "--create-home", "deploy")
    used.write("/usr/local/bin/pushdeploy", "#!/bin/sh\n", mode="0755")
    holder = used.start("python3", "-m", "http.server", "8000", "--bind", "127.0.0.1")
    used.run("bash", "-c", "until (: </dev/tcp/127.0.0.1/8000) 2>/dev/null; do sleep 0.05; done")
    before = found(used)

    refused = install(used, "--app", "blog", "--domain", "shop.example.com")

    processes.end(holder)
    after = found(used)
    used.run("userdel", "--remove", "deploy")
    used.run("rm", "/usr/local/bin/pushdeploy")
    assert refused.returncode == 69, refused.stderr
    for words in (
        "user `deploy` that pushdeploy did not create",
        "group `deploy` that pushdeploy did not create",
        "`/usr/local/bin/pushdeploy` is there and not made by the installer",
        "`shop.example.com` is already served",
        "port 8000 is in use by `python3",
        "5 things are in the way; nothing changed",
    ):
        assert words in refused.stderr
    assert after == before


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--app", "Blog!"), "can't be an app's name"),
        (("--app", "blog", "--port", "70000"), "`70000` is not a port"),
        (("--app", "blog", "--domain", "http://x"), "only the name is wanted"),
        (("--key", "/etc/hostname"), "not"),
        (("--app", "blog", "--email", "me"), "`me`"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_installed(
    used: Host, words: tuple[str, ...], complaint: str
) -> None:
    refused = install(used, *words)

    assert refused.returncode in (2, 3), refused.stderr
    assert complaint in refused.stderr
    assert "nothing changed" in refused.stderr
    assert not used.exists("/opt/pushdeploy")


def test_a_firewall_that_would_shut_a_port_of_others_needs_a_yes(used: Host) -> None:
    database = used.start("python3", "-m", "http.server", "5432")
    used.run("bash", "-c", "until (: </dev/tcp/127.0.0.1/5432) 2>/dev/null; do sleep 0.05; done")

    refused = install(used, "--firewall")

    processes.end(database)
    assert refused.returncode == 2, refused.stderr
    assert "--firewall shuts port 5432/tcp (`python3" in refused.stderr
    assert "add --yes" in refused.stderr
    assert not used.exists("/opt/pushdeploy")


def test_a_site_in_the_place_of_the_welcome_page_stays_live(used: Host) -> None:
    before = shop(used)

    done = install(used, "--app", "blog")

    assert before == "the shop\n"
    assert done.returncode == 69, done.stderr  # who asks for the bare address sees the shop
    assert "nginx serves shop.example.com" in done.stderr
    assert "the bare address shows another site, not blog" in done.stderr
    assert shop(used) == "the shop\n"
    assert used.exists("/etc/nginx/sites-enabled/default")
    assert http_request(used, "http://192.0.2.1/").text == "the shop\n"


def test_help_is_shown_wherever_it_is_asked_for(used: Host) -> None:
    for words in (("--help",), ("--app", "blog", "-h"), ("uninstall", "--help"), ("help",)):
        shown = install(used, *words)

        assert shown.returncode == 0, words
        assert shown.stdout.startswith("Usage:")


def test_the_welcome_page_of_a_server_with_pages_of_its_own_is_a_site(bare_host: Host) -> None:
    checkout.copy_to(bare_host)
    plain = install(bare_host, "--check").stderr
    bare_host.write("/var/www/html/index.html", "my page\n")

    own = install(bare_host, "--check").stderr

    bare_host.run("rm", "-r", "/var/www/html/index.html", checkout.SOURCE)
    assert "the distribution's welcome page, unchanged" in plain
    assert "the files of /var/www/html; it stays as it is" in own
