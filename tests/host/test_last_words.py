"""A release is said to be live when it has just answered, and at no other time."""

from tests.host.host import Host
from tests.host.story import Site, assert_cli_refused, assert_serving, last_words

BROKEN = {"Procfile": "web: false\n"}


def test_what_does_not_answer_is_not_said_to_be_live(host: Host, site: Site) -> None:
    site.deploy("tiny")
    site.change(BROKEN)
    well = site.push()
    host.run("systemctl", "stop", f"{site.unit}v1.web.socket", f"{site.unit}v1.web.service")

    site.change({"NOTE": "once more\n"})
    push = site.push()
    back = site.cli("rollback v1", check=False)
    restarted = site.cli("restart", check=False)

    assert (well.exit_status, push.exit_status) == (1, 1)
    assert "v1 is still live" in last_words(well)
    assert "v1 should be live, but it does not answer" in last_words(push)
    assert "still live" not in push.output
    assert_cli_refused(back, 8, "v1", "is the current release, and does not answer", "restart")
    assert restarted.returncode == 0, restarted.stderr
    assert_serving(site, version=1)
