"""A push that is refused, or brings nothing, while the branch's commit has failed before."""

import pytest

from tests.host.laptop import REMOTE
from tests.host.story import Site, assert_refused


@pytest.fixture(scope="module")
def failed(gated: Site) -> Site:
    """An app whose newest commit has failed after its release command had run."""
    site = gated
    procfile = "web: gunicorn app:app\nrelease: echo once >> instance/migrated && exit 1\n"
    storage = '{"pushdeploy": {"storage": ["instance/"]}}'
    site.become("tiny", {"Procfile": procfile, "app.json": storage})
    assert site.push().exit_status == 1
    assert migrations(site) == 1
    return site


def migrations(site: Site) -> int:
    """How often the release command has run."""
    return site.host.read(f"{site.root}/shared/instance/migrated").count("once")


def assert_nothing_was_tried(site: Site, attempts: int) -> None:
    """Neither an attempt nor a release command came of it."""
    assert (site.attempts, migrations(site)) == (attempts, 1)


def test_a_push_that_the_hook_refuses_does_not_try_the_failed_commit_again(failed: Site) -> None:
    before = failed.attempts
    failed.become("no-procfile")

    assert_refused(failed.push(), "there is no `Procfile`")

    assert_nothing_was_tried(failed, before)


def test_a_push_that_git_refuses_before_any_hook_does_not_either(failed: Site) -> None:
    before = failed.attempts
    failed.change({".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = -x\n'})

    push = failed.push()

    assert push.exit_status == 1
    assert "unpack" in push.output
    assert_nothing_was_tried(failed, before)


def test_a_push_whose_ref_can_t_be_written_does_not_either(failed: Site) -> None:
    before = failed.attempts
    failed.become("tiny", {"VERSION": "2\n"})
    lock = f"{failed.root}/repo.git/refs/heads/main.lock"
    # Held by somebody: a push would delete a lock that nobody can own.
    hold = f"flock --shared {failed.root}/repo.git sh -c 'touch {lock}; sleep 8'"
    holder = failed.host.start("sh", "-c", hold)
    failed.host.run("sh", "-c", f"until test -e {lock}; do :; done")

    push = failed.push()

    holder.communicate()
    assert push.exit_status == 1
    assert "remote rejected" in push.output
    assert_nothing_was_tried(failed, before)
    failed.host.run("rm", "-f", lock)


@pytest.mark.parametrize("words", [["fetch", REMOTE], ["ls-remote", REMOTE]])
def test_who_reads_tries_nothing(failed: Site, words: list[str]) -> None:
    before = failed.attempts

    failed.laptop.git(failed.app, *words)

    assert_nothing_was_tried(failed, before)


def test_a_connection_that_says_nothing_tries_nothing(failed: Site) -> None:
    before = failed.attempts

    failed.laptop.ssh(f"git-receive-pack '{failed.name}'")

    assert_nothing_was_tried(failed, before)


def test_tags_alone_try_nothing(failed: Site) -> None:
    before = failed.attempts

    done = failed.laptop.git(failed.app, "push", REMOTE, f"{REMOTE}/main:refs/tags/broken")

    assert "Keeping the tag `broken`" in done.stderr
    assert_nothing_was_tried(failed, before)


def test_a_push_of_nothing_new_says_that_it_tries_the_branch_again(site: Site) -> None:
    site.become("import-error")
    assert site.push().exit_status == 1

    push = site.push()

    assert push.exit_status == 1
    assert "This push brought nothing new: trying the branch again" in push.output
    assert site.attempts == 2
