"""A push that is refused, or brings nothing, while the branch's commit has failed before."""

from tests.system.story import Site, assert_refused


def test_a_refused_push_does_not_try_the_failed_commit_again(site: Site) -> None:
    site.deploy("tiny")
    site.become("import-error")
    assert site.push().exit_status == 1
    site.become("no-procfile")

    push = site.push()

    assert_refused(push, "there is no `Procfile`")
    assert site.attempts == 2


def test_a_push_of_nothing_new_says_that_it_tries_the_branch_again(site: Site) -> None:
    site.become("import-error")
    assert site.push().exit_status == 1

    push = site.push()

    assert push.exit_status == 1
    assert "This push brought nothing new: trying the branch again" in push.output
    assert site.attempts == 2
