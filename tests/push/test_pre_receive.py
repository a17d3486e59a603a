"""What a push may bring: refused early, readably, and by the command that would work."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pushdeploy.build.tree_check import DEEPEST, check_tree
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.push import MOST_REFS
from pushdeploy.push.pre_receive import check_push
from pushdeploy.system.git_program import RECEIVING, Git, receive_pack
from tests.deploy.repo import LINK, SUBMODULE, Repo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"Procfile": "web: gunicorn app:app\n", "requirements.txt": "gunicorn\n", "app.py": ""}
ZERO = "0" * 40


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The repo that the hook runs in."""
    made = make_repo(tmp_path / "repo.git")
    monkeypatch.chdir(made.path)
    return made


def refusal(updates: str, branch: str = "main") -> RefusedInputError:
    """Why a push is refused."""
    with pytest.raises(RefusedInputError) as caught:
        check_push(updates, branch)
    return caught.value


def test_a_good_tree_is_taken(repo: Repo) -> None:
    commit = repo.commit(GOOD)

    check_push(f"{ZERO} {commit} refs/heads/main\n", "main")
    check_push(f"{ZERO} {commit} refs/heads/master\n", "")


@pytest.mark.parametrize(
    ("ref", "branch", "says", "hint"),
    [
        ("refs/heads/feature", "main", "the deploy branch is `main`", "feature:main"),
        ("refs/notes/x", "main", "neither a branch nor a tag", "git push production main"),
        ("refs/heads/feature", "main", "is not deployed", "git:set deploy-branch feature"),
        ("refs/tags/v1", "", "the push contains only tags", "git push production main"),
        ("refs/heads/feature", "", "the first push sets the deploy branch", "feature:main"),
        ("refs/heads/$(reboot)", "main", "is not deployed", "HEAD:main"),
    ],
)
def test_another_ref_is_refused_with_what_to_type(
    ref: str, branch: str, says: str, hint: str, repo: Repo
) -> None:
    error = refusal(f"{ZERO} {'1' * 40} {ref}\n", branch)

    assert says in error.message
    assert hint in (error.hint or "")


def test_the_deploy_branch_cannot_be_deleted(repo: Repo) -> None:
    error = refusal(f"{'1' * 40} {ZERO} refs/heads/main\n")

    assert "can't be deleted" in error.message


def test_tags_alone_are_kept(repo: Repo) -> None:
    assert check_push(f"{ZERO} {'1' * 40} refs/tags/v1\n", "main").deployed is None


def test_what_comes_beside_the_deploy_branch_is_kept_or_refused_one_by_one(repo: Repo) -> None:
    commit = repo.commit(GOOD)
    refs = ["heads/feature", "heads/main", "tags/v1", "remotes/origin/main", "stash"]
    updates = "".join(f"{ZERO} {commit} refs/{ref}\n" for ref in refs)

    plan = check_push(updates, "main")

    assert plan.deployed is not None
    assert (plan.deployed.ref, plan.deployed.new) == ("refs/heads/main", commit)
    assert [one.ref for one in plan.refused] == [
        *("refs/heads/feature", "refs/remotes/origin/main", "refs/stash")
    ]


def test_a_first_push_of_main_and_master_deploys_main(repo: Repo) -> None:
    commit = repo.commit(GOOD)
    updates = "".join(f"{ZERO} {commit} refs/heads/{name}\n" for name in ("master", "main"))

    plan = check_push(updates, "")

    assert plan.deployed is not None
    assert plan.deployed.ref == "refs/heads/main"


def test_the_branch_of_a_push_is_never_deleted_beside_another(repo: Repo) -> None:
    updates = f"{'1' * 40} {ZERO} refs/heads/main\n{ZERO} {'1' * 40} refs/tags/v1\n"

    assert "can't be deleted" in refusal(updates).message


def test_more_refs_than_we_take_are_refused_with_the_way_without_tags(repo: Repo) -> None:
    updates = "".join(f"{ZERO} {'1' * 40} refs/tags/v{n}\n" for n in range(MOST_REFS + 1))

    error = refusal(updates)

    assert f"contains {MOST_REFS + 1} refs" in error.message
    assert error.hint == "git push --no-follow-tags production main"


@pytest.mark.parametrize("packed", [False, True])
def test_an_annotated_tag_is_refused_with_the_command_that_pushes_its_commit(
    packed: bool,  # noqa: FBT001
    repo: Repo,
) -> None:
    commit = repo.commit(GOOD)
    repo.git("tag", "--annotate", "v1.0", commit, "-m", "One")
    tag = repo.git("rev-parse", "v1.0")
    if packed:
        repo.git("repack", "-a", "-d", "--quiet")

    error = refusal(f"{ZERO} {tag} refs/heads/main\n")

    assert error.message == "`v1.0` is an annotated tag; a branch can name only a commit"
    assert error.hint == "git push production 'v1.0^{}:refs/heads/main'"
    check_push(f"{ZERO} {commit} refs/heads/main\n", "main")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Procfile": None}, "there is no `Procfile`"),
        ({"Procfile": "release: python work.py\n"}, "web"),
        ({"Procfile": b"web: caf\xe9\n"}, "is not UTF-8"),
        ({"Procfile": "web: x\n" + "# " + "x" * (1 << 20)}, "more than the"),
        ({"requirements.txt": None, "requirments.txt": "flask\n"}, "requirements.txt"),
        ({"app.json": "{"}, "app.json"),
        ({".gitattributes": "*.png filter=lfs diff=lfs\n"}, "Git LFS"),
        ({"a\nb": ""}, "contains a line break"),
    ],
)
def test_a_tree_that_cannot_be_deployed_is_refused(
    change: dict[str, str | bytes | None], says: str, repo: Repo
) -> None:
    files = {name: text for name, text in {**GOOD, **change}.items() if text is not None}
    commit = repo.commit(files)

    error = refusal(f"{ZERO} {commit} refs/heads/main\n")

    assert says in error.message
    assert error.hint


def test_a_file_in_too_many_folders_is_refused(repo: Repo) -> None:
    deep = "a/" * DEEPEST
    check_tree(Git(), repo.commit({**GOOD, f"{deep}file": ""}))
    commit = repo.commit({**GOOD, f"{deep}a/file": ""})

    error = refusal(f"{ZERO} {commit} refs/heads/main\n")

    assert f"is {DEEPEST + 1} folders deep, more than the {DEEPEST} allowed" in error.message
    assert (error.hint or "").startswith("git rm -r --cached a")


def test_a_submodule_is_refused(repo: Repo) -> None:
    commit = repo.commit({**GOOD, "vendor": "", ".gitmodules": ""}, modes={"vendor": SUBMODULE})

    error = refusal(f"{ZERO} {commit} refs/heads/main\n")

    assert "`vendor` is a submodule" in error.message
    assert (error.hint or "").startswith("git submodule update --init vendor && rm vendor/.git")


def test_apps_in_folders_are_named_and_an_app_that_is_not_there_is_created(repo: Repo) -> None:
    commit = repo.commit({f"{name}/Procfile": "web: python x.py\n" for name in ("api", "web")})
    updates = f"{ZERO} {commit} refs/heads/main\n"

    error = refusal(updates)
    with pytest.raises(RefusedInputError) as first:
        check_push(updates, "", new="shop")

    assert error.message.endswith("these folders have: `api`, `web`")
    assert error.hint == "pushdeploy apps:set root api"
    assert (
        first.value.hint == "pushdeploy apps:create shop; pushdeploy apps:set root api --app shop"
    )
    assert check_tree(Git(), commit, root="web") > 0


def test_a_procfile_that_is_a_link_is_refused(repo: Repo) -> None:
    commit = repo.commit({**GOOD, "Procfile": "/etc/passwd"}, modes={"Procfile": LINK})

    assert "is a symbolic link" in refusal(f"{ZERO} {commit} refs/heads/main\n").message


def test_a_tree_of_many_files_is_read_to_its_end(repo: Repo) -> None:
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"")
    commit = repo.commit(GOOD)
    root = repo.git("ls-tree", commit)
    lines = [f"100644 blob {blob}\tz{number:06d}{'x' * 60}" for number in range(20_000)]
    tree = repo.git("mktree", stdin="\n".join([root, *lines]).encode())
    large = repo.git("commit-tree", tree, "-m", "Large")

    check_tree(Git(), large)


def test_the_receiving_git_is_told_nothing_by_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("LC_EVIL", "x")
    monkeypatch.setenv("GIT_PROTOCOL", "version=2")

    command = receive_pack("/repo.git", "/hooks", {"PUSHDEPLOY_APP": "blog"}, 7)

    environment = command.environment
    assert environment is not None
    assert "GIT_DIR" not in environment
    assert "LC_EVIL" not in environment
    assert environment["GIT_PROTOCOL"] == "version=2"
    assert environment["PUSHDEPLOY_APP"] == "blog"
    assert command.pass_fds == (7,)
    settings = {
        environment[f"GIT_CONFIG_KEY_{index}"]: environment[f"GIT_CONFIG_VALUE_{index}"]
        for index in range(int(environment["GIT_CONFIG_COUNT"]))
    }
    assert settings["core.hooksPath"] == "/hooks"
    assert settings["receive.fsckObjects"] == "true"
    assert (settings["core.fsync"], settings["core.fsyncMethod"]) == ("all", "batch")


def test_slips_of_old_programs_in_a_repo_s_history_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_DIR", raising=False)
    theirs = make_repo(tmp_path / "theirs.git")
    ours = make_repo(tmp_path / "ours.git")
    for name, value in RECEIVING.items():
        ours.git("config", name, value)
    plain = bytes.fromhex(theirs.git("rev-parse", f"{theirs.commit(GOOD)}^{{tree}}"))
    padded = theirs.tree(b"040000 src\0" + plain)
    harmful = theirs.tree(b"40000 .git\0" + plain)

    theirs.git("push", str(ours.path), f"{theirs.commit_of(padded)}:refs/heads/padded")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        theirs.git("push", str(ours.path), f"{theirs.commit_of(harmful)}:refs/heads/harmful")

    assert ours.git("for-each-ref", "--format=%(refname)") == "refs/heads/padded"
    assert b"hasDotgit" in refused.value.stderr
