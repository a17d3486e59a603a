"""A package more: the new venv has the last one's files, and nobody can write into two of them."""

import json

from tests.host.story import TREES, Site, assert_serving, eventually

PINS = "gunicorn==27.0.1\nflask\n"


def found(site: Site, *tests: str) -> list[str]:
    """What lies in the app's venvs (find(1))."""
    return site.host.run("find", f"{site.root}/venvs", *tests).stdout.splitlines()


def test_a_new_venv_begins_with_files_that_only_root_can_write(site: Site) -> None:
    site.deploy("tiny", {"requirements.txt": PINS, "VERSION": "1\n"})
    site.change({"requirements.txt": f"{PINS}waitress\n", "VERSION": "2\n"})

    push = site.push()

    assert push.exit_status == 0, push.output
    assert "+ waitress" in push.output
    assert "+ flask" not in push.output
    assert_serving(site, version=2)
    shared = found(site, "-path", "*/flask/app.py", "-links", "2", "-user", "root")
    assert len(shared) == 2
    assert found(site, "-path", "*/flask/__pycache__/app.*.pyc", "-links", "2", "-user", "root")
    eventually(lambda: found(site, "-mindepth", "1", "!", "-user", "root"), [])
    for user in (f"pb-{site.name}", f"pd-{site.name}"):
        line = 'echo x >>"$0" || rm "$0"'
        tried = site.host.run("sh", "-c", line, shared[0], user=user, check=False)
        assert tried.returncode != 0

    site.change({"requirements.txt": "gunicorn==27.0.1\n", "VERSION": "3\n"})
    push = site.push()

    assert push.exit_status == 0, push.output
    assert_serving(site, version=3)
    packages = f"{site.root}/current/venv/lib/python3*/site-packages"
    listed = site.host.run("sh", "-c", f"ls {packages}").stdout.split()
    assert {"gunicorn"} == {name for name in listed if name in ("gunicorn", "flask", "waitress")}
    assert site.host.run(f"{site.root}/current/venv/bin/gunicorn", "--version").stdout


BOTTLE = '    { name = "bottle" },\n'
LISTED = 'dependencies = ["bottle==0.13.3"]'


def test_a_package_more_in_a_lock_takes_over_the_others(site: Site) -> None:
    packages = TREES / "packages"
    project, lock = ((packages / "uv" / name).read_text() for name in ("pyproject.toml", "uv.lock"))
    site.deploy(packages / "app", {"pyproject.toml": project, "uv.lock": lock})
    more = BOTTLE + BOTTLE.replace("bottle", "itsdangerous")
    wanted = LISTED.replace("]", ', "itsdangerous==2.2.0"]')
    site.change(
        {
            "pyproject.toml": project.replace(LISTED, wanted),
            "uv.lock": lock.replace(f"[\n{BOTTLE}", f"[\n{more}", 1),
        }
    )

    push = site.push()

    assert push.exit_status == 0, push.output
    assert "+ itsdangerous" in push.output
    assert "+ bottle" not in push.output
    installed = json.loads(site.get("/packages").text)["packages"]
    assert {"bottle", "itsdangerous", "gunicorn"} <= installed.keys()
    assert len(found(site, "-name", "bottle.py", "-links", "2", "-user", "root")) == 2
