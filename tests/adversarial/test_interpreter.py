"""A build may put any program into its venv; root never starts it to see which Python it is."""

from tests.host.host import Host
from tests.host.story import Site, assert_serving

CANARY = "/srv/interpreter-canary"
EVIL = f'#!/bin/sh\nid -u >>{CANARY}\nexec /usr/bin/python3 "$@"\n'


WITHOUT_INTERPRETER = """
import json, sys
with open(sys.argv[1], "r+") as file:
    record = json.load(file)
    record.pop("interpreter", None)
    file.seek(0)
    json.dump(record, file)
    file.truncate()
"""


def test_an_interpreter_that_a_build_has_left_is_not_started_by_root(
    host: Host, site: Site
) -> None:
    site.deploy("tiny")
    venv = host.run("readlink", "-f", f"{site.root}/current/venv").stdout.strip()
    # As a build would have left it: the venv is root's once it is complete.
    host.run("install", "-m", "0755", "/dev/stdin", f"{venv}/evil", stdin=EVIL)
    host.run("ln", "-sf", f"{venv}/evil", f"{venv}/bin/python")
    host.run("install", "-m", "0666", "/dev/null", CANARY)
    record = f"{site.root}/current/release.json"

    # As it is, and as a version before would have written it: then the venv's link is all there is.
    for _ in range(2):
        host.run("pushdeploy", "reconcile")
        host.run("pushdeploy", "rebuild", "--check")
        host.run("pushdeploy", "ps", "--app", site.name)
        host.run("python3", "-c", WITHOUT_INTERPRETER, record)

    assert "0" not in host.read(CANARY).split()
    host.run("rm", CANARY)
    assert_serving(site, version=1)
