"""An app that a hand-written unit runs moves in, by what `import-unit` says and does."""

import shlex
from collections.abc import Iterator

import pytest

from tests.host.story import Site, assert_serving

UNIT = """\
[Unit]
Description=Gunicorn instance to serve {name}

[Service]
User=www-data
WorkingDirectory=/srv/{name}
Environment="PATH=/srv/{name}/venv/bin" "GREETING=hello world"
EnvironmentFile=/srv/{name}/.env
ExecStart={command}
"""

COMMAND = "/srv/{name}/venv/bin/gunicorn --workers 1 --bind unix:{name}.sock -m 007 app:app"


@pytest.fixture
def unit(site: Site) -> Iterator[str]:
    """The name of a unit that runs, and whose file then says what the tutorial says."""
    name, app = f"{site.name}.service", site.name
    site.host.run("mkdir", "-p", f"/srv/{app}/instance")
    site.host.write(f"/srv/{app}/.env", "SECRET_KEY='a $secret'\nGREETING=bye\n", "0600")
    for command in ("/bin/sleep infinity", COMMAND.format(name=app)):
        site.host.write(f"/etc/systemd/system/{name}", UNIT.format(name=app, command=command))
        site.host.run("systemctl", "daemon-reload")
        site.host.run("systemctl", "start", name)
    yield name
    site.host.run("systemctl", "stop", name)
    site.host.run("rm", f"/etc/systemd/system/{name}")


def test_an_app_moves_in_from_a_unit(site: Site, unit: str) -> None:
    done = site.host.run("pushdeploy", "import-unit", unit)

    shown = done.stdout + done.stderr
    assert "web: gunicorn --workers 1 app:app" in shown
    assert "left out, since each release brings its own: --bind" in shown
    assert f"pushdeploy storage:add instance --app {site.name}" in shown
    assert "secret'" not in shown
    made = shown.partition("is not a git repo")[2].partition("Next, in the app's repo")[0]
    assert f"cd /srv/{site.name} && git init" in made
    assert "echo instance/ >> .gitignore\n" in made
    assert "echo .env >> .gitignore\n" in made
    assert site.ask("config") == {"GREETING": "bye", "SECRET_KEY": "a $secret"}
    active = site.host.run("systemctl", "is-active", unit).stdout
    assert active == "active\n"

    line = next(one.strip() for one in shown.splitlines() if "printf" in one)
    procfile = site.host.run("sh", "-c", line.replace("> Procfile", "")).stdout
    site.deploy("tiny", {"Procfile": procfile})
    assert_serving(site, version=1)
    assert site.environment()["GREETING"] == "bye"


def test_who_may_not_read_a_units_files_does_not_see_through_import_unit(
    site: Site, unit: str
) -> None:
    done = site.laptop.ssh(f"import-unit {shlex.quote(unit)}", check=False)

    assert done.returncode != 0
    assert f"`/srv/{site.name}/.env` can't be read" in done.stderr
    assert site.name not in site.laptop.ssh("apps").stdout


@pytest.mark.parametrize("name", ["not-there", "-- --help"])
def test_a_unit_that_is_not_there_is_said_to_be_missing(site: Site, name: str) -> None:
    done = site.host.run("pushdeploy", "import-unit", "--", name.removeprefix("-- "), check=False)

    assert done.returncode != 0
    assert "systemd has no unit" in done.stderr
    assert "Traceback" not in done.stderr
