"""A conda environment takes a venv's place: solved, linked, completed by uv, and sealed."""

import json
from collections.abc import Iterator

import pytest

from tests.host.checkout import CHECKOUT
from tests.host.host import Host
from tests.host.story import TREES, Site, assert_serving, last_words

APP = TREES / "packages" / "app"
CHANNEL = "/srv/channel"

ENVIRONMENT = """\
name: shop
dependencies:
  - tiny-shop >=1  # brings tiny-stock
  - pip:
    - bottle==0.13.3
"""


@pytest.fixture(scope="module")
def version(host: Host) -> Iterator[str]:
    """A channel on the server, with a password; the version of its Python."""
    host.run("mkdir", "--parents", CHANNEL)
    host.write(f"{CHANNEL}/channel.py", (CHECKOUT / "tests/host/channel.py").read_text())
    host.write(f"{CHANNEL}/serve.py", (CHECKOUT / "tests/host/guarded.py").read_text())
    made = host.run("python3", f"{CHANNEL}/channel.py", CHANNEL).stdout.strip()
    host.write(f"{CHANNEL}/known", "ada:hunter2222")
    host.run(
        *("systemd-run", "--unit=channel", "python3", f"{CHANNEL}/serve.py"),
        *(CHANNEL, "8765", f"{CHANNEL}/known"),
    )
    yield made
    host.run("systemctl", "stop", "channel")
    host.run("rm", "--recursive", CHANNEL)


def test_an_environment_of_conda_serves_an_app(host: Host, site: Site, version: str) -> None:
    host.run("pushdeploy", "apps:create", site.name)
    site.cli("config:set CONDA_CHANNELS=http://ada:hunter2222@127.0.0.1:8765/")

    push = site.deploy(APP, {"environment.yml": ENVIRONMENT})

    assert_serving(site, version=1)
    assert "-----> Installing environment.yml with uv" not in push.output
    assert "Linked 3 conda packages" in push.output
    assert f"Using Python {version} (environment.yml)" in push.output
    found = json.loads(site.get("/packages").text)["packages"]
    assert {"tiny-shop": "1.5", "tiny-stock": "1.5", "bottle": "0.13.3"}.items() <= found.items()
    assert "gunicorn" in found
    venv = f"{site.root}/current/venv"
    minor = version.rpartition(".")[0]
    assert host.run("readlink", f"{venv}/bin/python").stdout.strip() == f"python{minor}"
    linked = host.run("find", f"{venv}/", "-type", "f", "-links", "+1").stdout
    assert linked == ""
    assert host.run("pushdeploy", "reconcile").stderr.endswith("Everything is as it should be.\n")
    logs = host.run("sh", "-c", f"cat /var/log/pushdeploy/{site.name}/*").stdout
    assert "hunter2222" not in push.output + logs
    assert host.run("grep", "-r", "hunter2222", f"{venv}/", check=False).stdout == ""

    again = site.deploy(APP, {"environment.yml": f"{ENVIRONMENT}# the same\n"})

    assert "environment.yml is unchanged: venv reused" in again.output

    site.become(APP, {"environment.yml": ENVIRONMENT.replace(">=1", ">=2")})
    failed = site.push()

    assert failed.exit_status != 0
    assert "No candidates were found for tiny-shop >=2" in failed.output
    assert "the packages of `environment.yml` could not be solved" in last_words(failed)
    assert_serving(site, version=1)
