"""Build steps: what they make is the release's own, served by nginx, and back after a rollback."""

import re
from collections.abc import Iterator

import pytest

from tests.host import proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import reconcile
from tests.host.story import (
    Site,
    assert_cli_refused,
    assert_refused,
    assert_serving,
    eventually,
)
from tests.host.whole import assert_nothing_left
from tests.tiers import rounds

NAME = "django.example.com"


@pytest.fixture(scope="module")
def django(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with a name of its own, nothing pushed."""
    proxy.know_names(host, names=(NAME,))
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    yield site
    site.destroy()


def style(site: Site) -> str:
    """The URL of the style sheet that the page names, `/static/app.0a1b….css`."""
    answer = site.get("/", headers={"Host": NAME})
    assert answer.status == 200, answer.text
    assert re.fullmatch(r"/static/app\.[0-9a-f]{12}\.css", answer.text)
    return answer.text


def assert_served(site: Site, path: str, content: str) -> None:
    """By nginx, to be kept for ever."""
    found = proxy.visit(site.host, f"http://{NAME}{path}")
    assert (found.status, found.text.strip()) == (200, content), path
    assert "immutable" in found.headers["Cache-Control"]


def test_collectstatic_says_which_config_var_is_missing(django: Site) -> None:
    django.become("django-static")
    push = django.push()

    assert_refused(push, "collectstatic", "config:set SECRET_KEY=$(openssl rand -hex 32)")
    assert "SECRET_KEY" in push.output
    assert django.current is None
    eventually(lambda: len(django._listed("slugs")), wanted=0)  # noqa: SLF001 - a look


def test_what_collectstatic_made_is_served_by_nginx(django: Site) -> None:
    django.cli("config:set SECRET_KEY=one")
    django.cli(f"domains:add {NAME}")

    push = django.push()
    assert push.exit_status == 0, push.output

    assert "-----> $ python manage.py collectstatic --noinput" in push.output
    assert "static file" in push.output
    assert_served(django, style(django), "body { color: black }")
    assert_served(django, "/static/assets/index-BX3k2_9a.js", "built")
    plain = proxy.visit(django.host, f"http://{NAME}/static/app.css")
    assert (plain.status, plain.headers["Cache-Control"]) == (200, "no-cache")
    code = django.host.run("readlink", "-f", f"{django.root}/current/code").stdout.strip()
    mode = django.host.run("stat", "-c", "%U %a", f"{code}/project/settings.py").stdout.strip()
    assert mode == "deploy 640"


def test_a_rollback_has_its_own_files_warm_and_cold(django: Site) -> None:
    old = style(django)
    first = django.current
    django.change({"pages/static/app.css": "body { color: red }\n"})
    assert django.push().exit_status == 0
    new = style(django)
    assert new != old
    assert_served(django, new, "body { color: red }")
    assert_served(django, old, "body { color: black }")  # for pages that were loaded before

    django.cli("rollback")  # warm
    assert style(django) == old
    django.cli("restart")
    assert style(django) == old
    assert_served(django, old, "body { color: black }")
    second = f"v{int(str(first)[1:]) + 1}"
    for kind in ("socket", "service"):
        django.host.run("systemctl", "stop", f"{django.unit}{second}.web.{kind}", check=False)
    django.cli(f"rollback {second}")
    assert style(django) == new
    assert_served(django, new, "body { color: red }")


def test_the_same_tree_and_config_vars_run_nothing_again(django: Site) -> None:
    django.laptop.git(django.app, "commit", "--allow-empty", "--quiet", "--message", "Nothing")
    push = django.push()

    assert push.exit_status == 0, push.output
    assert "build reused" in push.output
    assert "collectstatic" not in push.output


def test_another_config_var_runs_them_at_the_next_push_alone(django: Site) -> None:
    changed = django.cli("config:set SECRET_KEY=two")
    assert "collectstatic" not in changed.stdout + changed.stderr
    django.laptop.git(django.app, "commit", "--allow-empty", "--quiet", "--message", "Nothing")

    push = django.push()

    assert "python manage.py collectstatic" in push.output


def test_nginx_follows_no_link_of_what_was_collected(django: Site) -> None:
    hook = "ln -s /etc/passwd staticfiles/leak.txt\nln -s ../project staticfiles/code\n"
    django.change({"bin/post_compile": hook})
    assert django.push().exit_status == 0

    for path in ("leak.txt", "code/settings.py", "../project/settings.py", "%2e%2e/Procfile"):
        found = proxy.visit(django.host, f"http://{NAME}/static/{path}")
        assert found.status in (400, 404), path
        assert "root:" not in found.text
        assert "SECRET" not in found.text


def test_settings_without_a_static_root_say_what_to_set_and_how_to_turn_it_off(
    django: Site,
) -> None:
    settings = (django.app.folder / "project/settings.py").read_text()
    without = settings.replace("STATIC_ROOT =", "OTHER =")
    django.change({"project/settings.py": without, "bin/post_compile": ":\n"})
    push = django.push()
    assert_refused(push, "DISABLE_COLLECTSTATIC=1")
    assert "STATIC_ROOT" in push.output
    foreign = settings.replace('BASE_DIR / "staticfiles"', '"/tmp/collected"')
    django.change({"project/settings.py": foreign})
    assert_refused(django.push(), "not a folder in the code", "BASE_DIR")

    django.cli("config:set DISABLE_COLLECTSTATIC=1")
    push = django.push()

    assert "collectstatic" not in push.output
    django.change({"project/settings.py": settings})


HOOK = """\
set -e
echo "the key is $KEY"
mkdir -p static/assets
echo built > static/assets/index-BX3k2_9a.js
printf '%s' "$KEY" > built.txt
cat VERSION >> built.txt
"""


def test_a_hook_fills_the_code_with_the_config_vars_and_nobody_writes_it_afterwards(
    site: Site,
) -> None:
    site.become("tiny", {"bin/post_compile": HOOK})
    site.push()
    site.cli("config:set KEY=secret")
    site.change({"VERSION": "2\n"})
    push = site.push()

    assert push.exit_status == 0, push.output
    assert "$ bin/post_compile" in push.output
    assert "the key is secret" in push.output
    assert_serving(site, version=2)
    code = site.host.run("readlink", "-f", f"{site.root}/current/code").stdout.strip()
    assert site.host.read(f"{code}/built.txt") == "secret2\n"
    for user in (f"pd-{site.name}", f"pb-{site.name}"):
        written = site.host.run("touch", f"{code}/built.txt", user=user, check=False)
        assert written.returncode != 0
    assert "errno=30" in site.get("/write").text or "errno=13" in site.get("/write").text


BEFORE = """\
set -e
! command -v gunicorn
echo "$MORE" >> requirements.txt
echo 'import waitress; print(waitress.__name__)' > made.py
"""


def test_what_is_written_before_the_packages_are_installed_counts(site: Site) -> None:
    site.deploy("tiny")
    site.cli("config:set MORE=waitress")
    after = "gunicorn --version; python made.py > built.txt\n"
    site.change({"bin/pre_compile": BEFORE, "bin/post_compile": after, "VERSION": "2\n"})

    push = site.push()

    assert push.exit_status == 0, push.output
    steps = ("$ bin/pre_compile", "+ waitress", "$ bin/post_compile")
    assert [push.output.index(one) for one in steps] == sorted(map(push.output.index, steps))
    assert_serving(site, version=2)
    assert site.host.read(f"{site.root}/current/code/built.txt") == "waitress\n"
    reconcile(site)
    assert_nothing_left(site)

    site.laptop.git(site.app, "commit", "--allow-empty", "--quiet", "--message", "Nothing")
    push = site.push()
    assert push.output.count("build reused") == 2, push.output
    assert "unchanged: venv reused" in push.output


def test_a_front_end_without_node_is_said_and_dokku_s_script_runs(site: Site) -> None:
    package = '{"scripts": {"build": "vite build"}}\n'
    app_json = '{"scripts": {"dokku": {"predeploy": "echo from dokku >built.txt"}}}\n'
    push = site.deploy("tiny", {"package.json": package, "app.json": app_json})

    assert "sudo apt install nodejs npm" in push.output
    assert "$ echo from dokku >built.txt" in push.output
    assert site.host.read(f"{site.root}/current/code/built.txt") == "from dokku\n"


def test_what_a_hostile_step_leaves_fails_the_build(site: Site) -> None:
    site.deploy("tiny")
    hook = "mkfifo pipe\n"
    site.change({"bin/post_compile": hook})
    assert_refused(site.push(), "neither a file, a folder nor a link")

    site.change({"bin/post_compile": "ln -s /etc/shadow static; exit 3\n"})
    assert_refused(site.push(), "bin/post_compile", "status 3")

    assert_serving(site, version=1, release="v1")
    eventually(lambda: len(site._listed("slugs")), wanted=1)  # noqa: SLF001 - a look


def test_many_pushes_leave_the_slugs_of_releases_that_can_be_gone_back_to_and_no_more(
    site: Site,
) -> None:
    last = rounds(6, slow=12)
    site.deploy("tiny", {"bin/post_compile": "cp VERSION built.txt\n"})
    for version in range(2, last + 1):
        site.deploy_version(version)
    site.change({"bin/post_compile": "exit 3\n"})
    assert_refused(site.push(), "bin/post_compile", "status 3")

    reconcile(site)
    kept = [f"v{number}" for number in range(last - 4, last + 1)]
    assert site.releases_on_disk() == kept
    assert_nothing_left(site)
    slugs = site.host.run("ls", f"{site.root}/slugs").stdout.split()
    assert len(slugs) == 2 * len(kept)  # what was pushed, and what the hook made of it

    assert_cli_refused(site.cli("rollback v1", check=False), 4, "v1", f" rollback v{last - 1} ")
    site.cli(f"rollback {kept[0]}")
    assert_serving(site, version=last - 4, release=kept[0])
    built = site.host.read(f"{site.root}/current/code/built.txt")
    assert built == f"{last - 4}\n"
    reconcile(site)
    assert_nothing_left(site)
