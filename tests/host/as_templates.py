"""Prints which unit files and sites are not what the templates give for the records' values.

A host runs this text with the tool's own Python (`whole.py`).
"""

import re
import sys
from collections.abc import Iterable

from pushdeploy.cli import wiring
from pushdeploy.deploy import instances
from pushdeploy.machine.machine import Machine
from pushdeploy.proxy import sites
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system.systemd import LOOPBACK_ADDRESSES, UNITS
from pushdeploy.system.unit_files import front_files, unit_files


def main() -> None:
    """Look at all apps."""
    machine = wiring.machine()
    known: set[str] = set()
    for app in app_names(machine.layout.apps):
        known |= look(of_app(machine, app))
    for path in UNITS.glob("pushdeploy-*.*"):
        if path.is_file() and path.name not in known:
            sys.stdout.write(f"nobody's: {path.name}\n")
    if not sites.is_served(machine):
        sys.stdout.write("nginx does not serve what the settings say\n")


def of_app(machine: Machine, app: str) -> Iterable[tuple[str, str]]:
    """The unit files that an app may have: name and text."""
    records = AppRecords(machine.layout.app(app))
    settings = records.settings()
    for number in records.numbers():
        release = records.release(number)
        yield from unit_files(instances.web(machine, release, settings))
        for worker in instances.workers(machine, release, settings):
            yield from unit_files(worker)
    addresses = [f"{one}:{settings.port}" for one in LOOPBACK_ADDRESSES]
    yield from front_files(app, settings.port, records.place.live_socket, addresses)


def look(files: Iterable[tuple[str, str]]) -> set[str]:
    """Print which of them are there and differ; returns the names of all."""
    names = set()
    for name, text in files:
        names.add(name)
        path = UNITS / name
        if path.exists() and scaled(path.read_text()) != scaled(text):
            sys.stdout.write(f"differs: {name}\n")
    return names


def scaled(text: str) -> str:
    """How many workers a unit was started with is the formation of that time."""
    return re.sub(r"WEB_CONCURRENCY=[0-9]+", "", text)


if __name__ == "__main__":
    main()
