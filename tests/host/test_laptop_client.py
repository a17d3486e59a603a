"""The wheel on the laptop: the same commands in a checkout, carried out over ssh."""

import sys

from tests.host import processes
from tests.host.processes import Result
from tests.host.story import Site, assert_cli_refused, assert_serving

CLIENT = (sys.executable, "-m", "pushdeploy.programs.command_line")

HARD = 'it\'s "quoted" $HOME 100% \\ grüße'


def on_laptop(site: Site, *words: str, stdin: str = "") -> Result:
    """Run the client in the checkout of the app."""
    argv = [*CLIENT, *words]
    environment = site.laptop.environment
    folder = site.app.folder
    return processes.run(argv, env=environment, cwd=folder, stdin=stdin, check=False)


def test_a_command_in_the_checkout_says_what_it_says_on_the_server(site: Site) -> None:
    site.deploy("tiny")

    for query in ("config", "ps:scale", "storage", "releases:output"):
        answer = on_laptop(site, query)
        there = site.cli(query)
        assert (answer.returncode, answer.stdout) == (0, there.stdout), answer.stderr


def test_config_vars_go_over_as_they_are(site: Site) -> None:
    site.deploy("tiny")
    (site.app.folder / ".env").write_text("FROM_FILE='two words'\nOTHER=1\n")

    one = on_laptop(site, "config:set", f"HARD={HARD}")
    file = on_laptop(site, "config:import")

    assert one.returncode == 0, one.stderr
    assert file.returncode == 0, file.stderr
    found = site.environment()
    assert (found["HARD"], found["FROM_FILE"], found["OTHER"]) == (HARD, "two words", "1")


def test_a_rollback_in_the_checkout_takes_the_app_back(site: Site) -> None:
    site.deploy("tiny")
    site.deploy_version(2)

    answer = on_laptop(site, "rollback")

    assert answer.returncode == 0, answer.stderr
    assert_serving(site, version=1, release="v1")
    assert_cli_refused(on_laptop(site, "rollback"), 8, "no earlier release to go back to")


def test_without_a_remote_it_says_which_one_to_add(site: Site) -> None:
    site.laptop.git(site.app, "remote", "remove", "production")

    answer = on_laptop(site, "ps")

    assert_cli_refused(answer, 4, "git remote add production")


def test_its_version_needs_no_server(site: Site) -> None:
    site.laptop.git(site.app, "remote", "remove", "production")

    assert on_laptop(site, "version").stdout.startswith("pushdeploy ")
