"""The hosts that the other tests of this folder stand on do what a server does."""

import signal
import sys
from pathlib import Path

import pytest

from tests.host import cgroups, container, processes
from tests.host.checkout import CHECKOUT, SOURCE
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import eventually
from tests.host.web import http_request

FLASK_APP = "import flask\napp = flask.Flask(__name__)\n"


@pytest.fixture
def developer(bare_host: Host, tmp_path: Path) -> Laptop:
    """A laptop whose key may log in as root."""
    laptop = Laptop(bare_host, tmp_path / "home")
    bare_host.write("/root/.ssh/authorized_keys", laptop.public_key, mode="0600")
    return laptop


def test_boots_with_every_unit_running(bare_host: Host) -> None:
    failed = bare_host.run("systemctl", "--failed", "--plain", "--no-legend").stdout

    assert (bare_host.state(), failed) == ("running", "")


def test_has_no_network_but_its_own_loopback(bare_host: Host) -> None:
    links = bare_host.run("ip", "-brief", "link").stdout.splitlines()

    assert [line.split()[0] for line in links] == ["lo"]


def test_runs_a_program_as_a_user_with_its_home(bare_host: Host) -> None:
    answer = bare_host.run(
        "sh",
        "-c",
        'id -un; echo "$HOME $GREETING"; cat',
        user="www-data",
        env={"GREETING": "hello"},
        stdin="bye",
    )

    assert answer.stdout == "www-data\n/var/www hello\nbye"


def test_a_failed_command_says_what_it_printed(bare_host: Host) -> None:
    with pytest.raises(processes.CommandFailedError, match="no such luck"):
        bare_host.run("sh", "-c", "echo no such luck >&2; exit 3")


def test_files_go_in_and_come_back(bare_host: Host, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/a").write_text("from outside")

    bare_host.write("/srv/new/b", "ümläut\n", mode="0750")
    bare_host.copy_in(tmp_path, "/srv/copied")

    assert bare_host.read("/srv/new/b") == "ümläut\n"
    assert bare_host.run("stat", "-c", "%a %U", "/srv/new/b").stdout == "750 root\n"
    assert bare_host.read("/srv/copied/inner/a") == "from outside"
    assert not bare_host.exists("/srv/nothing")


def test_ssh_logs_in_with_the_key_of_the_laptop(developer: Laptop) -> None:
    answer = developer.ssh("hostname", user="root")

    assert (answer.stdout, answer.returncode) == ("server\n", 0)


def test_ssh_refuses_a_key_that_it_does_not_know(
    bare_host: Host, developer: Laptop, tmp_path: Path
) -> None:
    stranger = Laptop(bare_host, tmp_path / "stranger")

    assert "Permission denied" in stranger.ssh("hostname", user="root").stderr


def test_git_push_reaches_a_bare_repository(bare_host: Host, developer: Laptop) -> None:
    bare_host.run("git", "init", "--quiet", "--bare", "--initial-branch=main", "/root/plain")
    app = developer.new_app("plain", {"app.py": FLASK_APP}, user="root")

    push = developer.push(app)

    assert push.exit_status == 0, push.output
    assert bare_host.run("git", "-C", "/root/plain", "show", "main:app.py").stdout == FLASK_APP
    bare_host.run("rm", "-r", "/root/plain")


def test_a_push_can_be_killed_with_its_whole_group(bare_host: Host, developer: Laptop) -> None:
    bare_host.run("git", "init", "--quiet", "--bare", "/root/slow")
    hook = "#!/bin/sh\ntouch /run/slow-began\nsleep 60\n"
    bare_host.write("/root/slow/hooks/pre-receive", hook, mode="0755")
    app = developer.new_app("slow", {"app.py": FLASK_APP}, user="root")

    push = developer.start_push(app)
    bare_host.run("sh", "-c", "until [ -e /run/slow-began ]; do sleep 0.05; done", timeout=20)
    processes.end(push)

    assert push.returncode == -signal.SIGKILL
    assert not bare_host.run("git", "-C", "/root/slow", "branch").stdout
    bare_host.run("pkill", "--full", "hooks/pre-receive")
    bare_host.run("rm", "-r", "/root/slow", "/run/slow-began")


def test_nginx_answers_over_http_and_over_a_unix_socket(bare_host: Host) -> None:
    site = "server { listen unix:/run/probe.sock; location / { return 200 $host$request_uri; } }"
    bare_host.write("/etc/nginx/conf.d/probe.conf", site)
    bare_host.run("systemctl", "reload", "nginx")

    default = http_request(bare_host, "http://127.0.0.1/")
    probe = http_request(bare_host, "http://blog.example/a?b=c", unix_socket="/run/probe.sock")

    assert (default.status, default.headers["Server"].split("/")[0]) == (200, "nginx")
    assert (probe.status, probe.text) == (200, "blog.example/a?b=c")


def test_reboots_with_its_disk_and_without_its_run_folder(bare_host: Host) -> None:
    bare_host.write("/srv/kept", "kept")
    bare_host.write("/run/lost", "lost")
    before = bare_host.read("/proc/sys/kernel/random/boot_id"), bare_host.pid

    bare_host.reboot()

    assert bare_host.state() == "running"
    assert bare_host.read("/srv/kept") == "kept"
    assert not bare_host.exists("/run/lost")
    assert bare_host.pid != before[1]


def test_boots_again_after_the_power_was_cut(bare_host: Host) -> None:
    bare_host.write("/srv/kept", "kept")
    sleeper = bare_host.start("sleep", "600")

    bare_host.kill_power()
    processes.end(sleeper)
    bare_host.power_on()

    assert (bare_host.state(), bare_host.read("/srv/kept")) == ("running", "kept")


def test_pip_and_uv_install_from_the_wheelhouse(bare_host: Host) -> None:
    bare_host.run("python3", "-m", "venv", "/srv/tool")
    bare_host.run("/srv/tool/bin/pip", "install", "--quiet", "uv", "hatchling")
    bare_host.run("/srv/tool/bin/uv", "venv", "/srv/site")

    bare_host.run(
        "/srv/tool/bin/uv", "pip", "install", "--python=/srv/site", "flask", "gunicorn", "httpbin"
    )

    check = ("/srv/site/bin/gunicorn", "--check-config", "httpbin:app")
    assert bare_host.run(*check).returncode == 0


def test_leaves_no_trace_when_closed(hosts_can_boot: None, suite: str) -> None:
    with Host.boot(suite, "brief") as host:
        root, name = host.container.root, host.container.name

    assert not root.parent.exists()
    assert str(root) not in Path("/proc/self/mountinfo").read_text()
    assert not [folder for folder in cgroups.folders(name) if folder.exists()]


def test_boots_many_hosts_from_one_frozen_disk(hosts_can_boot: None, suite: str) -> None:
    with Host.boot(suite, "first") as first:
        first.write("/srv/installed", "once")
        disk = first.freeze()
        with Host.boot(suite, "a", disk) as a, Host.boot(suite, "b", disk) as b:
            a.run("rm", "/srv/installed")

            assert not a.exists("/srv/installed")
            assert b.read("/srv/installed") == "once"
            assert (a.state(), b.state()) == ("running", "running")


def test_a_host_whose_tests_were_killed_is_removed_by_the_next(
    hosts_can_boot: None, suite: str
) -> None:
    code = f"from tests.host.host import Host; h = Host.boot('{suite}', 'orphan'); "
    code += "print(h.container.root, flush=True); h.run('sleep', '600', timeout=600)"
    orphan = processes.start([sys.executable, "-c", code], cwd=CHECKOUT)
    assert orphan.stdout is not None
    root = Path(orphan.stdout.readline().strip())
    processes.end(orphan)
    before = root.exists()

    def removed() -> bool:
        container.sweep()  # a child that was just forked still holds its lock until it executes
        return not root.exists()

    eventually(removed, wanted=True)
    assert before
    assert not cgroups.processes(root.parent.name)


def test_the_checkout_is_copied_without_what_git_ignores(source_host: Host) -> None:
    assert source_host.exists(f"{SOURCE}/pyproject.toml")
    assert not source_host.exists(f"{SOURCE}/.venv")
