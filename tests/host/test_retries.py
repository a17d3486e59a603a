"""Pushing again: what is live stays, what failed is tried once more, `release:` runs once a try."""

from tests.host.story import Site, assert_refused, assert_serving

FAILS_AFTER_RELEASE = {"app.py": "raise RuntimeError('no, not today')\n"}
COUNT = "instance/releases.txt"


def runs_of_release(site: Site) -> list[str]:
    """The releases whose `release:` ran, once per run."""
    path = f"{site.root}/shared/{COUNT}"
    return [line.split()[0] for line in site.host.read(path).splitlines()]


def test_a_push_with_nothing_new_says_that_it_is_live_and_makes_no_attempt(site: Site) -> None:
    site.deploy("tiny")

    push = site.push()

    assert push.exit_status == 0, push.output
    assert "Everything up-to-date" in push.output
    assert site.attempts == 1
    assert_serving(site, version=1, release="v1")


def test_pushing_a_failed_commit_again_retries_exactly_once(site: Site) -> None:
    site.deploy("tiny")
    site.become("import-error")
    site.push()

    again = site.push()

    assert again.exit_status != 0, again.output
    assert again.output.count("exits as soon as it starts") == 1, again.output
    assert site.attempts == 3
    assert_serving(site, version=1, release="v1")


def test_release_runs_once_for_each_push_that_fails(site: Site) -> None:
    site.deploy("release-counts")
    site.change(FAILS_AFTER_RELEASE)

    push = site.push()

    assert_refused(push, "The release command had already run", "exits as soon as it starts")
    assert runs_of_release(site) == ["v1", "v2"]
    assert site.attempts == 2


def test_release_runs_once_more_when_the_same_commit_is_pushed_again(site: Site) -> None:
    site.deploy("release-counts")
    site.change(FAILS_AFTER_RELEASE)
    site.push()

    again = site.push()

    assert again.exit_status != 0, again.output
    assert runs_of_release(site) == ["v1", "v2", "v3"]


def test_the_commit_after_a_failed_one_goes_live_with_no_manual_step(site: Site) -> None:
    site.deploy("tiny")
    site.become("import-error")
    site.push()
    site.become("tiny", {"VERSION": "3\n"})

    push = site.push()

    assert push.exit_status == 0, push.output
    assert_serving(site, version=3, release="v3")


def test_a_first_push_that_fails_leaves_nothing_live_and_the_next_one_is_live(site: Site) -> None:
    site.become("health-500")
    push = site.push()
    assert_refused(push, "Nothing is live yet.", "GET / answered 500")
    assert site.current is None
    site.become("tiny")

    push = site.push()

    assert push.exit_status == 0, push.output
    assert_serving(site, version=1, release="v2")
