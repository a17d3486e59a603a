"""Web that answers its health check and then dies is not live, and what was before serves on."""

from tests.host.story import Site, assert_refused, assert_serving, eventually

# The check is answered; two seconds after the start the process is gone, with some last words.
DYING = """\
import os
import threading

VERSION = open("VERSION").read().strip()

def die():
    print("last words of", VERSION, flush=True)
    os.kill(os.getppid(), 9)

if VERSION != "1":
    threading.Timer(2, die).start()

def app(environ, start_response):
    start_response("200 OK", [])
    return [f"v={VERSION} release={os.environ['PUSHDEPLOY_RELEASE']} ".encode()]
"""


def test_web_that_dies_after_its_check_is_not_live(site: Site) -> None:
    site.become("tiny", {"app.py": DYING, "VERSION": "0\n"})

    first = site.push()

    assert_refused(first, "passed its check and ended within 3 s", "Nothing is live yet")
    assert "last words of 0" in first.output
    assert site.current is None
    eventually(lambda: [unit for unit in site.units() if "web" in unit], [])

    site.change({"VERSION": "1\n"})
    push = site.push()
    assert push.exit_status == 0, push.output
    assert "web.1 has stayed up for 3 s" in push.output

    site.change({"VERSION": "2\n"})
    second = site.push()

    assert_refused(second, "passed its check and ended within 3 s", "v2 is still live")
    assert "last words of 2" in second.output
    assert_serving(site, version=1, release="v2")
    releases = {row["release"]: row["outcome"] for row in site.ask("releases")["releases"]}
    assert releases == {"v1": "failed", "v2": "live", "v3": "failed"}
