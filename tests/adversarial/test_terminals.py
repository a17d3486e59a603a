"""What an app prints or logs never acts on the terminal of whoever runs the server."""

import json

from tests.host import processes
from tests.host.story import Site, assert_refused, eventually

# Sets the terminal's title, clears it, and is once more ESC [ as one character of C1.
ACTS = "\\033]0;owned\\007\\033[2J\\302\\2332J\\r"
RAW = ("\x1b]0;", "\x1b[2J", "\x07", "\x9b")

EMERGENCY = r"""
import logging, logging.handlers, os, socket, sys, time
ESCAPE = chr(27) + "]0;owned" + chr(7)
logger = logging.getLogger()
logger.setLevel(logging.DEBUG)
handler = logging.handlers.SysLogHandler("/dev/log")
handler.mapPriority = lambda name: "emerg"
logger.addHandler(handler)
logger.critical("by-syslog " + ESCAPE)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
    message = f"PRIORITY=0\nMESSAGE=by-journal {ESCAPE}\n"
    journal.sendto(message.encode(), "/run/systemd/journal/socket")
print("<0>by-stdout " + ESCAPE, flush=True)
print("\x9b2J by-c1", flush=True)
time.sleep(3600)
"""
CRASH = "raise RuntimeError('sorry ' + chr(27) + ']0;owned' + chr(7) + chr(0x9b) + '2J')\n"


def test_what_an_app_prints_reaches_no_terminal_raw(site: Site) -> None:
    site.deploy("tiny")
    logs = site.laptop.ssh_argv("-tt", command=f"logs --tail --app {site.name}")
    watching = processes.start(logs, env=site.laptop.environment, joined=True)
    try:
        site.change(
            {
                "emergency.py": EMERGENCY,
                "Procfile": f"release: printf '{ACTS}\\n'\n"
                "web: gunicorn app:app\nworker: python emergency.py\n",
            }
        )
        push = site.push()
        kinds = ("by-syslog", "by-journal", "by-stdout", "by-c1")
        eventually(lambda: [one in site.cli("logs").stdout for one in kinds], [True] * 4)
        shown = {
            "logs": site.cli("logs").stdout,
            "ps": site.cli("ps").stdout,
            "output": site.cli("releases:output").stdout,
        }
    finally:
        seen = processes.end(watching)

    assert push.exit_status == 0, push.output
    assert "by-syslog" in seen
    assert "Broadcast message" not in seen
    assert "\\x1b]0;owned" in shown["logs"]
    assert "<0>by-stdout" in shown["logs"]
    for text in (push.output, seen, *shown.values()):
        assert [one for one in RAW if one in text] == [], ascii(text)

    site.change({"app.py": CRASH, "Procfile": "web: gunicorn app:app\n"})
    push = site.push()

    assert_refused(push, "v2 is still live.")
    assert "RuntimeError: sorry" in push.output
    assert [one for one in RAW if one in push.output] == [], ascii(push.output)
    said = site.cli("releases:output").stdout
    assert [one for one in RAW if one in said] == [], ascii(said)
    assert json.loads(site.cli("ps --json").stdout)["release"] == "v2"
