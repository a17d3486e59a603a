"""A push that can't be deployed is refused before anything of it is stored."""

from collections.abc import Callable

import pytest

from tests.host.laptop import REMOTE, Push
from tests.host.story import (
    APPS,
    Site,
    assert_refused,
    assert_serving,
    assert_unchanged,
    said,
    snapshot,
)

LFS = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
BAD_JSON = '{"healthchecks": {"web": [{"path": 7}]}}'
NO_WEB = "release: python worker.py\n"
TWICE = "web: gunicorn app:app\nweb: gunicorn other:app\n"


def refuse(site: Site, *references: str) -> Push:
    """Push what must be refused while version 1 is live, and see that nothing came of it."""
    before, refs = snapshot(site), site.refs()
    push = site.laptop.push(site.app, *references)
    assert_unchanged(site, before)
    assert_serving(site, version=1, release="v1")
    assert site.releases_on_disk() == ["v1"]
    assert site.attempts == 1
    assert site.refs() == refs
    assert "remote rejected" in push.output
    return push


@pytest.mark.parametrize(
    ("files", "reasons"),
    [
        ({"Procfile": None, "app.py": "print()\n"}, ["no `Procfile`", "web: gunicorn <module>"]),
        ({"Procfile": "web: gunicorn app:app\nno colon here\n"}, ["line 2"]),
        ({"Procfile": TWICE}, ["line 2", "web"]),
        ({"Procfile": NO_WEB}, ["web"]),
        ({"requirements.txt": None, "requirments.txt": "flask\n"}, ["git mv requirments.txt"]),
        ({"app.json": BAD_JSON}, ["app.json", "path"]),
        ({".gitattributes": LFS}, ["Git LFS", "git lfs pull && git lfs untrack '*.bin'"]),
    ],
    ids=["no-procfile", "bad-line", "web-twice", "no-web", "misspelt", "app-json", "lfs"],
)
def test_a_tree_that_is_no_app_is_refused_and_nothing_of_it_is_stored(
    standing: Site, files: dict[str, str | None], reasons: list[str]
) -> None:
    site = standing
    for path, text in files.items():
        if text is None:
            (site.app.folder / path).unlink()
    site.change({path: text for path, text in files.items() if text is not None})

    push = refuse(site)

    assert_refused(push, *reasons)


def test_a_broken_line_of_the_procfile_is_shown_with_a_caret(standing: Site) -> None:
    site = standing
    site.become("bad-procfile")

    push = refuse(site)

    assert any("this line has no colon" in line for line in said(push)), push.output
    assert any(line.strip(" !") == "^" for line in said(push)), push.output


def test_a_procfile_that_is_a_symlink_is_refused(standing: Site) -> None:
    site = standing
    procfile = site.app.folder / "Procfile"
    procfile.unlink()
    procfile.symlink_to("/etc/passwd")
    site.change({})

    assert_refused(refuse(site), "`Procfile` is a symbolic link")


def test_a_submodule_is_refused(standing: Site) -> None:
    site = standing
    commit = site.laptop.git(site.app, "rev-parse", "HEAD").stdout.strip()
    entry = f"160000,{commit},vendor/library"
    site.laptop.git(site.app, "update-index", "--add", "--cacheinfo", entry)
    site.laptop.git(site.app, "commit", "-q", "-m", "Add a submodule")

    assert_refused(refuse(site), "vendor/library", "is a git repo of its own", "mv vendor/library")


def test_another_branch_is_refused_with_the_command_that_deploys_it(standing: Site) -> None:
    site = standing
    site.laptop.git(site.app, "switch", "-q", "-C", "feature")
    site.change({"VERSION": "2\n"})

    push = refuse(site, "feature")

    assert_refused(push, "feature", "`main`", f"git push {REMOTE} feature:main")


def test_the_command_that_a_refused_branch_is_told_works(site: Site) -> None:
    site.deploy("tiny")
    site.laptop.git(site.app, "switch", "-q", "-c", "feature")
    site.change({"VERSION": "2\n"})

    push = site.push("feature:main")

    assert push.exit_status == 0, push.output
    assert_serving(site, version=2, release="v2")


def test_deleting_the_branch_is_refused(standing: Site) -> None:
    site = standing

    push = refuse(site, ":main")

    assert push.exit_status != 0
    assert "delet" in push.output


def test_a_push_with_force_deploys_a_history_that_was_rewritten(site: Site) -> None:
    site.deploy("tiny")
    site.deploy_version(2)
    site.laptop.git(site.app, "commit", "-q", "--amend", "-m", "Another story")
    site.laptop.git(site.app, "push", "--force", REMOTE, "main")

    assert_serving(site, version=2, release="v3")


@pytest.mark.parametrize("name", ["a;b", "../x", "A", "a b", "a_b", "a--", "$(id)", "x" * 40])
def test_a_name_that_is_none_is_refused_and_makes_nothing(
    new_site: Callable[[], Site], name: str
) -> None:
    site = new_site()
    site.become("tiny")
    site.laptop.git(site.app, "remote", "set-url", REMOTE, f"deploy@server:{name}")
    before = footprint(site)

    push = site.push()

    assert push.exit_status != 0
    assert "Traceback" not in push.output
    assert "app" in push.output
    assert " !     " in push.output
    assert footprint(site) == before


def footprint(site: Site) -> str:
    """Everything on the server that an app has."""
    look = f"ls {APPS} /run/pushdeploy /var/log/pushdeploy; cut -d: -f1 /etc/passwd /etc/group"
    return site.host.run("sh", "-c", look).stdout
