"""`installer.sh` on real servers: what it makes, what it refuses, and what is left afterwards."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.host import checkout, image, processes
from tests.host.host import Host
from tests.host.laptop import Laptop, Push, make_key
from tests.host.story import CLEANUP_SECONDS, engines, eventually

ENGINE = "/run/pushdeploy/engine.sock"
SNIPPET = "/etc/ssh/sshd_config.d/60-pushdeploy.conf"
KEY = "/root/laptop.pub"

UNITS = (
    "pushdeploy.engine.socket",
    "pushdeploy.engine@.service",
    "pushdeploy.boot.service",
    "pushdeploy.reconcile.service",
    "pushdeploy.reconcile.timer",
)

# What is there: names of files, contents of settings, users, groups and units.
INVENTORY = r"""
find /etc /home /root /srv/src /usr/local /var/lib /var/log -xdev \
  ! -path '/var/lib/systemd/*' ! -path '/var/log/*tmp' ! -path /var/log/lastlog
find /etc -xdev -type f ! -name '*-' -exec sha256sum {} +
getent passwd
getent group
systemctl list-unit-files --no-legend
systemctl list-units --all --plain --no-legend 'pushdeploy*' | awk '{print $1, $3}'
find /run/systemd /run/pushdeploy -name 'pushdeploy*' 2>/dev/null || true
"""

# Of all that the installer keeps: when it was last changed, and since when each unit runs.
# Without the apps' homes: gunicorn makes its control socket there when it pleases. And without
# the folder in which a file stands while a name is looked at.
STATE = r"""
find /etc /opt/pushdeploy /usr/local /var/lib/pushdeploy /var/log/pushdeploy -xdev \
  ! -path '/var/lib/pushdeploy/apps/*/home*' \
  ! -path /var/lib/pushdeploy/acme/.well-known/acme-challenge \
  -printf '%p %m %u %g %T@ %C@\n' | sort
systemctl show --property=Id,InvocationID,ActiveEnterTimestampMonotonic 'pushdeploy*' ssh.service
"""

WEB = "import flask\napp = flask.Flask(__name__)\napp.get('/')(lambda: 'hello')\n"
APP = {
    "app.py": WEB,
    "requirements.txt": "flask\ngunicorn\n",
    "Procfile": "web: gunicorn app:app\n",
}

# Else a slow test would see what the timer does a minute after the boot.
NO_TIMER = "[Timer]\nOnBootSec=\nOnBootSec=1d\n"

SHARED = "/var/lib/pushdeploy/apps/blog/shared"
WAIT_FOR_GO = 'until [ -e "$HOME/../shared/go" ]; do sleep 0.1; done'

INSTALL_SECONDS = 300.0
PUSH_SECONDS = 120.0


on_each_debian = pytest.mark.parametrize("prepared", image.SUITES, indirect=True)
used_on_each_debian = pytest.mark.parametrize("used", image.SUITES, indirect=True)

# What the installer does before it changes anything else.
MAKE_TOOL = f"""
set -euo pipefail
cd {checkout.SOURCE}
umask 022
source ./tool.sh
tool_make "$PWD" "$SERVER_FOLDER/$(tool_name "$PWD")"
"""

Disks = Callable[[str], checkout.Installed]


@pytest.fixture(scope="module")
def disks(hosts_can_boot: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disks]:
    """For each suite a disk with this checkout, a key, and the tool, which is made but not used."""
    with ExitStack() as stack:

        @cache
        def prepare(suite: str) -> checkout.Installed:
            key = tmp_path_factory.mktemp("key") / "id_ed25519"
            make_key(key)
            host = stack.enter_context(Host.boot(suite, "prepare"))
            checkout.copy_to(host)
            host.write(KEY, key.with_suffix(".pub").read_text())
            host.run("bash", "-c", MAKE_TOOL, timeout=INSTALL_SECONDS)
            return checkout.Installed(suite, tuple(host.freeze()), key)

        yield prepare


@pytest.fixture
def prepared(request: pytest.FixtureRequest, disks: Disks, suite: str) -> checkout.Installed:
    """The disk for one test."""
    return disks(getattr(request, "param", suite))


@pytest.fixture
def server(prepared: checkout.Installed) -> Iterator[Host]:
    """A server for one test, on which the installer has changed nothing yet."""
    with Host.boot(prepared.suite, "installer", prepared.disk) as host:
        host.write("/etc/systemd/system/pushdeploy.reconcile.timer.d/test.conf", NO_TIMER)
        yield host


@pytest.fixture
def laptop(server: Host, prepared: checkout.Installed, tmp_path: Path) -> Laptop:
    """The laptop that the key is of."""
    return Laptop(server, tmp_path / "laptop", prepared.key)


@dataclass(frozen=True, slots=True)
class Used:
    """A server on which the installer was run and an app pushed, for tests that change nothing."""

    host: Host
    laptop: Laptop
    sshd_before: list[str]
    """What sshd went by for root."""
    installed: processes.Result
    push: Push


@pytest.fixture(scope="module")
def used(
    request: pytest.FixtureRequest, disks: Disks, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Used]:
    """One of a suite."""
    prepared = disks(request.param)
    with Host.boot(prepared.suite, "used", prepared.disk) as host:
        host.write("/etc/systemd/system/pushdeploy.reconcile.timer.d/test.conf", NO_TIMER)
        laptop = Laptop(host, tmp_path_factory.mktemp("used") / "laptop", prepared.key)
        before = sshd_settings(host, "root")
        installed = install(host, "--app", "blog", "--key", KEY)
        push = laptop.push(laptop.new_app("blog", APP))
        yield Used(host, laptop, before, installed, push)


def install(host: Host, *arguments: str, check: bool = True) -> processes.Result:
    """Run the installer, as the README says."""
    return checkout.run_installer(host, *arguments, check=check)


def refused(host: Host, *arguments: str) -> str:
    """What the installer says when it must not go on; it must not have changed anything."""
    before = inventory(host)
    result = install(host, *arguments, check=False)
    assert result.returncode != 0, result.stderr
    assert inventory(host) == before
    return result.stderr


def inventory(host: Host) -> list[str]:
    """What is on the host."""
    return sorted(set(host.run("bash", "-c", INVENTORY).stdout.splitlines()))


def state(host: Host) -> list[str]:
    """What would differ if anything of ours had been touched, once the push has been tidied."""
    eventually(lambda: engines(host), [], CLEANUP_SECONDS)
    return host.run("bash", "-c", STATE).stdout.splitlines()


def sshd_settings(host: Host, user: str) -> list[str]:
    """What sshd goes by when this user logs in; names in lower case, as before OpenSSH 10.4."""
    asked = ("sshd", "-T", "-C", f"user={user},host=localhost,addr=127.0.0.1")
    lines = (line.partition(" ") for line in host.run(*asked).stdout.splitlines())
    return [f"{name.lower()} {value}" for name, _, value in lines]


def sshd_answers(host: Host) -> bool:
    """True when whoever connects is greeted by an sshd."""
    with host.connect(("127.0.0.1", 22)) as connection:
        return connection.recv(4) == b"SSH-"


def is_active(host: Host, unit: str) -> bool:
    """True when systemd says so."""
    return host.run("systemctl", "is-active", unit, check=False).stdout == "active\n"


def answer(host: Host) -> str:
    """What the app says on its port."""
    return host.run("curl", "--silent", "--show-error", "http://127.0.0.1:8000/").stdout


# Installing


@used_on_each_debian
def test_a_fresh_server_takes_a_push(used: Used) -> None:
    said = used.installed.stderr

    assert "git remote add production deploy@server:blog\n" in said
    assert "git push production main\n" in said
    assert used.push.exit_status == 0, used.push.output
    assert answer(used.host) == "hello"
    assert used.host.state() == "running"


@used_on_each_debian
def test_systemd_has_nothing_to_say_against_the_units(used: Used) -> None:
    verified = used.host.run(
        "systemd-analyze", "verify", *(f"/etc/systemd/system/{unit}" for unit in UNITS)
    )

    assert verified.stdout + verified.stderr == ""


@used_on_each_debian
def test_the_engine_is_for_root_and_its_group_only(used: Used) -> None:
    stat = used.host.run("stat", "--format=%A %U %G", ENGINE, str(Path(ENGINE).parent)).stdout

    assert stat.splitlines() == ["srw-rw---- root pushdeploy", "drwx--x--x root root"]


@used_on_each_debian
def test_a_second_run_changes_nothing(used: Used) -> None:
    before = state(used.host)

    result = install(used.host, "--app", "blog", "--key", KEY)

    assert "nothing to do" in result.stderr
    assert not re.search(r"^ +ok$", result.stderr, re.MULTILINE)
    assert state(used.host) == before


@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.2])
def test_an_interrupted_run_can_be_repeated(server: Host, seconds: float) -> None:
    command = ("env", f"--chdir={checkout.SOURCE}", "./installer.sh", "--app", "blog")
    run = server.start(*command, "--key", KEY)
    time.sleep(seconds)
    processes.end(run)

    install(server, "--app", "blog", "--key", KEY)

    assert is_active(server, "pushdeploy.engine.socket")
    assert "nothing to do" in install(server, "--app", "blog", "--key", KEY).stderr


def test_an_interrupted_making_of_the_tool_can_be_repeated(server: Host) -> None:
    server.run("bash", "-c", "rm /opt/pushdeploy/*/.complete; rm -r /opt/pushdeploy/*/venv/bin")

    install(server)

    assert server.run("pushdeploy", "version").returncode == 0


def test_two_installers_do_not_run_at_once(server: Host) -> None:
    holder = server.start("flock", "/run/pushdeploy-installer.lock", "sleep", "60")
    server.run(
        "bash", "-c", "while flock --nonblock /run/pushdeploy-installer.lock true; do :; done"
    )

    message = refused(server)

    processes.end(holder)
    assert "another installer is running" in message


def test_it_needs_root(server: Host) -> None:
    command = f"{checkout.SOURCE}/installer.sh"

    result = server.run(command, "--app", "blog", user="www-data", check=False)

    assert result.returncode == 5
    assert "sudo ./installer.sh --app blog" in result.stderr


# The port


def test_a_foreign_holder_of_the_port_is_named(server: Host) -> None:
    holder = server.start("python3", "-m", "http.server", "8000", "--bind", "127.0.0.1")
    server.run("bash", "-c", "until (: </dev/tcp/127.0.0.1/8000) 2>/dev/null; do sleep 0.05; done")

    message = refused(server, "--app", "blog", "--key", KEY)

    processes.end(holder)
    assert re.search(r"port 8000 is in use by `python3[.\d]*` \(process \d+\)", message)
    assert "--port 8001" in message


def test_the_app_gets_the_port_that_was_asked_for(server: Host) -> None:
    install(server, "--app", "blog", "--port", "8123")

    apps = server.run("pushdeploy", "apps").stdout

    assert re.search(r"blog +8123", apps)


def test_another_port_for_an_app_that_has_one_is_refused(server: Host) -> None:
    install(server, "--app", "blog", "--port", "8123")

    message = refused(server, "--app", "blog", "--port", "8124")

    assert "`blog` already has port 8123" in message


# Keys


@used_on_each_debian
def test_a_key_is_known_by_its_comment(used: Used) -> None:
    line = used.host.read("/etc/pushdeploy/keys/authorized_keys")

    assert re.fullmatch(
        r'command="/opt/pushdeploy/current/bin/shell [a-z0-9@._-]+",restrict,pty '
        r"ssh-ed25519 \S+ [a-z0-9@._-]+\n",
        line,
    )
    assert "You are known as" in used.laptop.ssh("").stderr


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ("ssh-keygen -q -t ed25519 -N '' -f /root/bad", "private key"),
        (f"cat {KEY} {KEY} >/root/bad", "2 lines"),
        (f"sed 's/^/command=\"id\" /' {KEY} >/root/bad", "options"),
        ("echo hello >/root/bad", "not a public key"),
        (
            "head -c 100 /dev/urandom >/root/bad",
            "it is not text|not a public key|control characters",
        ),
    ],
)
def test_a_bad_key_is_refused(server: Host, prepare: str, reason: str) -> None:
    server.run("bash", "-c", prepare)

    message = refused(server, "--key", "/root/bad")

    assert re.search(reason, message)
    assert "PRIVATE KEY" not in message


@pytest.mark.parametrize(
    ("file", "reason"),
    [("/root/none.pub", "No such file or directory"), ("/etc", "Is a directory")],
)
def test_a_key_that_can_t_be_read_is_refused_as_one_that_is_not_there(
    server: Host, file: str, reason: str
) -> None:
    before = inventory(server)

    done = install(server, "--app", "blog", "--key", file, check=False)

    assert done.returncode == 4
    assert f"`{file}` can't be read: {reason}" in done.stderr
    assert inventory(server) == before


def test_without_a_key_it_says_how_to_add_one(server: Host) -> None:
    result = install(server, "--app", "blog")

    assert "Nobody may push yet" in result.stderr
    assert "./installer.sh --key" in result.stderr


def test_the_line_to_paste_has_the_address_of_the_login(server: Host, laptop: Laptop) -> None:
    server.write("/root/.ssh/authorized_keys", laptop.public_key, mode="0600")
    server.write("/etc/ssh/sshd_config.d/10-port.conf", "Port 22\nPort 2222\n")
    server.run("systemctl", "restart", "ssh.service")
    like_sudo = f"cd {checkout.SOURCE}; env -i PATH=$PATH ./installer.sh --app blog; exit $?"

    by_one = laptop.ssh(like_sudo, user="root", check=True).stderr
    server.run("sed", "--in-place", "/^Port 22$/d", "/etc/ssh/sshd_config.d/10-port.conf")
    by_other = install(server).stderr

    assert "git remote add production deploy@127.0.0.1:blog\n" in by_one
    assert "git remote add production ssh://deploy@server:2222/blog\n" in by_other


# sshd


@used_on_each_debian
def test_sshd_changes_for_one_user_only(used: Used) -> None:
    after = sshd_settings(used.host, "deploy")
    assert {
        "authorizedkeysfile /etc/pushdeploy/keys/authorized_keys",
        "authenticationmethods publickey",
        "passwordauthentication no",
        "disableforwarding yes",
        "permittty yes",
        "clientaliveinterval 15",
    } <= set(after)
    assert sshd_settings(used.host, "root") == used.sshd_before


def test_the_snippet_ends_where_it_ends(server: Host) -> None:
    server.write("/etc/ssh/sshd_config.d/99-last.conf", "ClientAliveInterval 77\n")

    install(server)

    assert "clientaliveinterval 77" in sshd_settings(server, "root")


def test_an_error_in_another_file_of_sshd_stops_the_installer(server: Host) -> None:
    server.write("/etc/ssh/sshd_config.d/10-broken.conf", "Porridge yes\n")

    message = refused(server, "--key", KEY)

    assert "Porridge" in message
    assert sshd_answers(server)


@on_each_debian
def test_a_snippet_that_sshd_does_not_obey_is_taken_back(server: Host) -> None:
    other = "Match User deploy\n  AuthorizedKeysFile /etc/other\nMatch all\n"
    server.write("/etc/ssh/sshd_config.d/10-other.conf", other)

    result = install(server, "--key", KEY, check=False)

    assert result.returncode == 69
    assert "reads the keys in `/etc/other`" in result.stderr
    assert not server.exists(SNIPPET)
    assert sshd_answers(server)


def test_a_changed_snippet_comes_back_when_sshd_does_not_obey_it(server: Host) -> None:
    install(server)
    changed = server.read(SNIPPET).replace("60", "60 ") + "# changed by hand\n"
    server.write(SNIPPET, changed)
    server.write("/etc/ssh/sshd_config.d/10-other.conf", "Match all\n  AuthorizedKeysFile none\n")

    result = install(server, check=False)

    assert result.returncode == 69
    assert server.read(SNIPPET) == changed


def test_a_main_configuration_without_the_folder_is_refused(server: Host) -> None:
    server.run("sed", "--in-place", "/^Include/d", "/etc/ssh/sshd_config")

    message = refused(server)

    assert "Include /etc/ssh/sshd_config.d/*.conf" in message


def test_it_says_when_sshd_lets_only_others_in(server: Host) -> None:
    server.write("/etc/ssh/sshd_config.d/10-only.conf", "AllowUsers root\n")

    result = install(server, check=False)

    assert result.returncode == 69
    assert "keep deploy out: allowusers root" in result.stderr


def test_somebody_elses_user_deploy_is_left_alone(server: Host) -> None:
    server.run("useradd", "--create-home", "deploy")

    message = refused(server)

    assert "a user `deploy` that pushdeploy did not create" in message


def test_somebody_elses_command_is_left_alone(server: Host) -> None:
    server.write("/usr/local/bin/pushdeploy", "#!/bin/sh\n", mode="0755")

    message = refused(server)

    assert "`/usr/local/bin/pushdeploy` is there and not made by the installer" in message


# Upgrading


def current(host: Host) -> str:
    """The version that is used."""
    return host.run("readlink", "/opt/pushdeploy/current").stdout.strip()


def change_the_source(host: Host) -> None:
    """Make a new version: a comment in a module, and one in the engine's socket."""
    for file in ("pushdeploy/errors.py", "templates/systemd/pushdeploy.engine.socket.j2"):
        host.run("bash", "-c", f"echo '# newer' >>{checkout.SOURCE}/{file}")


def test_an_upgrade_during_a_push_disturbs_neither_push_nor_app(
    server: Host, laptop: Laptop
) -> None:
    install(server, "--app", "blog", "--key", KEY)
    app = laptop.new_app("blog", APP)
    laptop.push(app)
    web = ("systemctl", "show", "--property=InvocationID", "pushdeploy-blog.v1.web.*")
    before = server.run(*web).stdout
    version = current(server)
    laptop.commit(app, {"Procfile": f"{APP['Procfile']}release: {WAIT_FOR_GO}\n"})

    push = laptop.start_push(app)
    try:
        server.run("bash", "-c", "until pgrep --full pushdeploy-blog.release; do sleep 0.1; done")
        for _ in range(2):
            change_the_source(server)
            install(server)
        answered, kept = answer(server), server.exists(f"/opt/pushdeploy/{version}")
        unchanged = server.run(*web).stdout == before
        server.write(f"{SHARED}/go", "")
        output = push.communicate(timeout=PUSH_SECONDS)[0]
    except BaseException:
        processes.end(push)
        raise

    assert (answered, kept, unchanged) == ("hello", True, True)
    assert (push.returncode, current(server) != version) == (0, True), output
    assert "blog v2 is live" in output


def test_older_versions_are_deleted_and_the_former_one_is_kept(server: Host) -> None:
    install(server)
    former = current(server)
    server.run("cp", "--archive", f"/opt/pushdeploy/{former}", "/opt/pushdeploy/0.0.1-older")
    change_the_source(server)

    install(server)

    folders = server.run("find", "/opt/pushdeploy", "-mindepth", "1", "-type", "d", "-prune")
    names = {Path(line).name for line in folders.stdout.splitlines()}
    assert names == {former, current(server)}


# Uninstalling


def test_purge_leaves_everything_as_it_was(server: Host, laptop: Laptop) -> None:
    before = inventory(server)
    install(server, "--app", "blog", "--key", KEY)
    laptop.push(laptop.new_app("blog", APP))

    install(server, "uninstall", "--purge", "--yes")

    assert inventory(server) == before
    assert not server.exists("/opt/pushdeploy")
    assert server.run("pgrep", "--full", "gunicorn|pushdeploy", check=False).stdout == ""
    assert server.state() == "running"
    assert "Permission denied" in laptop.ssh("apps").stderr


def test_without_apps_nothing_but_the_keys_stays(server: Host) -> None:
    before = set(inventory(server))
    install(server, "--key", KEY)

    install(server, "uninstall", "--yes")

    left = set(inventory(server)) - before
    assert left
    assert not [line for line in left if "/etc/pushdeploy" not in line]


def test_the_apps_come_back_after_a_new_installation(server: Host, laptop: Laptop) -> None:
    install(server, "--app", "blog", "--key", KEY)
    laptop.push(laptop.new_app("blog", APP))
    owners = ("stat", "--format=%n %u %g", "--", "/var/lib/pushdeploy/apps/blog/repo.git")
    before = server.run(*owners).stdout

    gone = install(server, "uninstall", "--yes")
    port = server.run("bash", "-c", ": </dev/tcp/127.0.0.1/8000", check=False)
    install(server)

    assert "--purge" in gone.stderr
    for place in ("/etc/pushdeploy", "/var/lib/pushdeploy", "/var/log/pushdeploy"):
        assert f"       {place}: " in gone.stderr.replace("         ", "       ")
    assert port.returncode != 0
    assert answer(server) == "hello"
    assert server.run(*owners).stdout == before
    assert laptop.ssh("apps").returncode == 0


def test_uninstall_takes_the_sites_of_nginx_along(server: Host) -> None:
    site = "server { listen unix:/run/probe.sock; }\n"
    hook = "/etc/letsencrypt/renewal-hooks/deploy/pushdeploy"
    install(server, "--app", "blog")
    server.write("/etc/nginx/conf.d/pushdeploy-blog.conf", site)
    server.write("/etc/nginx/conf.d/mine.conf", "# mine\n")
    server.write(hook, "#!/bin/sh\n", mode="0755")

    install(server, "uninstall", "--yes")

    left = server.run("ls", "/etc/nginx/conf.d").stdout.split()
    assert left == ["mine.conf"]
    assert not server.exists(hook)
    assert is_active(server, "nginx.service")


def test_a_second_uninstall_has_nothing_to_do(server: Host) -> None:
    install(server, "--app", "blog")
    install(server, "uninstall", "--purge", "--yes")

    result = install(server, "uninstall", "--purge", "--yes")

    assert "Nothing to do" in result.stderr


def test_purge_after_uninstall_deletes_what_was_kept(server: Host) -> None:
    install(server, "--app", "blog")
    install(server, "uninstall", "--yes")

    install(server, "uninstall", "--purge", "--yes")

    assert not server.exists("/var/lib/pushdeploy")
    assert "pushdeploy" not in server.run("getent", "passwd").stdout


def test_uninstall_asks_first(server: Host) -> None:
    install(server)

    message = refused(server, "uninstall")

    assert "--yes" in message


def test_uninstall_stops_when_sshd_would_not_start_again(server: Host) -> None:
    install(server)
    server.write("/etc/ssh/sshd_config.d/10-broken.conf", "Porridge yes\n")

    message = refused(server, "uninstall", "--yes")

    assert "Porridge" in message
    assert server.exists(SNIPPET)
