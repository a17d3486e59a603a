"""What one app fills or forges is no other app's trouble; what is honest still works."""

import json
import os

from tests.host.host import Host
from tests.host.story import Site, eventually

OURS = ("boot", "reconcile", "watchdog", "notices", "repair")
LIMITS = {
    "engine@": 4.1,
    "boot": 2.0,
    "reconcile": 2.0,
    "watchdog": 4.1,
    "notices": 4.1,
    "repair": 6.0,
}
"""What `systemd-analyze security` may say at most; the reasons are in the templates."""

FILL = """\
import errno, os, socket
def fill(folder):
    try:
        with open(folder + "/full", "wb") as file:
            for _ in range(64):
                file.write(bytes(1 << 20))
    except OSError as error:
        return errno.errorcode[error.errno]
    return "filled"
found = {folder: fill(folder) for folder in ("/run/lock", "/dev/shm")}
def many(take, most):
    held = []
    try:
        while len(held) < most:
            held.append(take())
    except OSError as error:
        return len(held), errno.errorcode[error.errno]
    return len(held), ""
def stream():
    one = socket.socket(socket.AF_UNIX)
    one.connect("/run/systemd/journal/stdout")
    return one
found["terminals"] = many(os.openpty, 5000)
found["streams"] = many(stream, 5000)
found["sessions"] = many(lambda: os.listdir("/run/systemd/sessions"), 1)
"""

HONEST = """\
import json, multiprocessing, os, socket, tempfile
from multiprocessing import shared_memory
def work(number):
    return number * number
multiprocessing.set_start_method("fork")
lock = multiprocessing.Lock()
found = {"lock": lock.acquire(timeout=1)}
with multiprocessing.Pool(2) as pool:
    found["pool"] = pool.map(work, range(3))
memory = shared_memory.SharedMemory(create=True, size=1 << 20)
other = shared_memory.SharedMemory(memory.name)
memory.buf[0] = 7
found["memory"] = other.buf[0]
other.close(); memory.close(); memory.unlink()
found["others"] = sorted(os.listdir("/dev/shm") + os.listdir("/run/lock"))
for name in ("/run/postgresql/.s.PGSQL.5432", "/run/dbus/system_bus_socket", "/run/systemd/notify"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as one:
            try:
                one.connect(name)
                found[name] = "connected"
                break
            except OSError as error:
                found[name] = error.strerror
with tempfile.NamedTemporaryFile() as file:
    found["temporary"] = os.path.dirname(file.name)
print(json.dumps(found))
"""

DATABASE = """\
import os, socket
os.umask(0)
os.makedirs("/run/postgresql", exist_ok=True)
with socket.socket(socket.AF_UNIX) as one:
    one.bind("/run/postgresql/.s.PGSQL.5432")
    one.listen()
    while True:
        one.accept()[0].close()
"""

FORGE = """\
import socket, struct
fields = {
    "MESSAGE": "forged-line", "_SYSTEMD_UNIT": "VICTIM", "UNIT": "VICTIM", "_PID": "1",
    "MESSAGE_ID": "fe6faa94e7774663a0da52717891d8ef", "SYSLOG_IDENTIFIER": "web.1",
    "_SYSTEMD_SLICE": "SLICE", "OBJECT_SYSTEMD_UNIT": "VICTIM",
}
text = "".join(f"{name}={value}\\n" for name, value in fields.items()).encode()
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
    one.sendto(text, "/run/systemd/journal/socket")
"""


def test_a_room_that_one_app_fills_is_another_rooms_neighbour(site: Site, host: Host) -> None:
    site.deploy("tiny")
    host.run("systemd-run", "--quiet", "--unit=database", "python3", "-c", DATABASE)
    eventually(lambda: host.exists("/run/postgresql/.s.PGSQL.5432"), wanted=True)

    filled = site.cli("run python -", stdin=f"{FILL}\nprint(found)").stdout
    found = json.loads(site.cli("run python -", stdin=HONEST).stdout)

    host.run("systemctl", "stop", "database.service")
    host.run("rm", "--recursive", "/run/postgresql")
    assert "'/run/lock': 'ENOSPC'" in filled
    for room in ("terminals", "streams", "sessions"):
        assert f"'{room}': (0, 'EACCES')" in filled
    rooms = ("/run/lock", "/dev/shm")  # noqa: S108 - looked at
    assert host.run("find", *rooms, "-name", "full").stdout == ""
    assert found == {
        "lock": True,
        "pool": [0, 1, 4],
        "memory": 7,
        "others": [],
        "/run/postgresql/.s.PGSQL.5432": "connected",
        "/run/dbus/system_bus_socket": os.strerror(13),
        "/run/systemd/notify": os.strerror(13),
        "temporary": "/tmp",  # noqa: S108 - its own
    }
    forge = FORGE.replace("VICTIM", f"{site.unit}v1.web.service")
    forge = forge.replace("SLICE", f"{site.unit[:-1]}.slice")
    site.cli("run python -", stdin=forge)
    host.run("journalctl", "--sync")
    assert "forged-line" in host.run("journalctl", "--no-pager", "--lines=400").stdout
    logs = site.cli("logs").stdout
    assert "forged-line" not in logs


def test_our_own_units_are_as_tight_as_their_work_allows(host: Host) -> None:
    found = {
        name: exposure(host, f"pushdeploy.{name}{'x' if name.endswith('@') else ''}.service")
        for name in LIMITS
    }

    assert {name: value for name, value in found.items() if value > LIMITS[name]} == {}
    for name in OURS:
        told = host.run("systemd-analyze", "verify", "--man=no", f"pushdeploy.{name}.service")
        assert [line for line in told.stderr.splitlines() if "pushdeploy" in line] == []


def exposure(host: Host, unit: str) -> float:
    """What `systemd-analyze security` says of a unit, from 0 to 10."""
    told = host.run("systemd-analyze", "security", "--no-pager", unit, check=False).stdout
    line = next(line for line in told.splitlines() if "Overall exposure level" in line)
    return float(line.split(": ")[1].split()[0])
