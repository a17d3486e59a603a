"""The checkout, with a real repo and the real child process."""

from __future__ import annotations

import itertools
import os
import stat
import sys
from pathlib import Path

import pytest

from pushdeploy.build.tree_check import check_tree
from pushdeploy.deploy.checkout_client import CheckoutClient
from pushdeploy.errors import NotFoundError, RefusedInputError, UnavailableError
from pushdeploy.model.tree import Tree, parse_tree
from pushdeploy.system.git_program import Git
from tests.deploy.machine import names
from tests.deploy.repo import LINK, PROGRAM, Repo

GOOD = {
    "Procfile": "web: gunicorn app:app\n",
    "requirements.txt": "gunicorn\n-r more.txt\n",
    "more.txt": "flask\n",
    "app.py": "app = 1\n",
    "run.sh": "#!/bin/sh\n",
    "static/deep/style.css": "body {}\n",
}


class App:
    """An app's folders, and the child that touches them."""

    def __init__(self, root: Path) -> None:
        self.checkout_worker = CheckoutClient(Path(sys.executable), None, "less engine.log")
        self.slugs = root / "slugs"
        self.slugs.mkdir()
        (root / "shared").mkdir()
        self.repo = Repo(root / "repo.git")
        self.checkout_worker.ask("make_repo", repo=str(self.repo.path), branch="main")

    def check_out(
        self,
        revision: str = "main",
        storage: tuple[str, ...] = (),
        former: Tree | None = None,
        root: str = "",
    ) -> Tree:
        """Have a revision checked out, beside a former one that is live."""
        answer = self.checkout_worker.ask(
            "check_out",
            repo=str(self.repo.path),
            slugs=str(self.slugs),
            revision=revision,
            storage=list(storage),
            former=former and {"commit": former.commit.id, "slug": former.slug},
            root=root,
        )
        return parse_tree(answer)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with an empty repo."""
    return App(tmp_path)


def test_an_aptfile_is_told(app: App) -> None:
    app.repo.commit({**GOOD, "Aptfile": "libvips42\n"})

    assert app.check_out().system_packages == ("libvips42",)


def test_a_repo_whose_making_was_killed_is_made(app: App) -> None:
    for lock in ("config.lock", "HEAD.lock"):
        (app.repo.path / lock).touch()

    app.checkout_worker.ask("make_repo", repo=str(app.repo.path), branch="master")

    assert app.repo.git("symbolic-ref", "HEAD") == "refs/heads/master"
    assert list(app.repo.path.glob("*.lock")) == []


@pytest.mark.parametrize(
    ("change", "modes"),
    [
        ({"Procfile": None}, {}),
        ({"Procfile": None, "requirements.txt": None}, {}),
        ({"Procfile": "/etc/passwd"}, {"Procfile": LINK}),
        ({"Procfile": "x" * (1 << 21)}, {}),
        ({"Procfile": b"web: caf\xe9\n"}, {}),
        ({"requirements.txt": None, "Requirements.txt": ""}, {}),
        ({"requirements.txt": "more.txt"}, {"requirements.txt": LINK}),
        ({"app.json": "{"}, {}),
    ],
)
def test_what_a_push_is_refused_for_is_refused_at_the_checkout_in_the_same_words(
    change: dict[str, str | bytes | None],
    modes: dict[str, str],
    app: App,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {name: text for name, text in {**GOOD, **change}.items() if text is not None}
    commit = app.repo.commit(files, modes=modes)
    monkeypatch.chdir(app.repo.path)

    with pytest.raises(RefusedInputError) as at_the_push:
        check_tree(Git(), commit)
    with pytest.raises(RefusedInputError) as at_the_checkout:
        app.check_out()

    said = at_the_push.value
    assert (at_the_checkout.value.message, at_the_checkout.value.hint) == (said.message, said.hint)


def test_a_commit_without_a_procfile_gets_the_web_line_that_its_modules_show(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = "def create_app():\n    return None\n"
    commit = app.repo.commit({"requirements.txt": "", "blog/__init__.py": factory})
    monkeypatch.chdir(app.repo.path)

    check_tree(Git(), commit)
    tree = app.check_out()

    assert tree.procfile == "web: gunicorn 'blog:create_app()'\n"
    assert tree.guessed == "WSGI app in blog/__init__.py"


WEB = {f"services/web/{name}": text for name, text in GOOD.items()}


@pytest.mark.parametrize(
    ("files", "root"),
    [
        ({}, "services/web"),
        ({"app.json": '{"pushdeploy": {"root": "services/web"}}'}, ""),
        (
            {"pyproject.toml": '[tool.pushdeploy]\nroot = "services/web"\n'}
            | {"services/web/app.json": '{"pushdeploy": {"storage": ["media"]}}'},
            "",
        ),
    ],
)
def test_a_folder_of_the_repo_becomes_the_release(
    files: dict[str, str], root: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = app.repo.commit({**WEB, "README": "all", **files})
    monkeypatch.chdir(app.repo.path)

    check_tree(Git(), commit, root=root)
    tree = app.check_out(root=root)

    assert tree.procfile == GOOD["Procfile"]
    assert (app.slugs / tree.slug / "app.py").is_file()
    assert not (app.slugs / tree.slug / "services").exists()
    assert tree.settings.root == ("" if root else "services/web")

    app.repo.commit({**WEB, "README": "another", **files})

    assert app.check_out(root=root).slug == tree.slug, "nothing of it has changed"


def test_a_root_that_the_repo_does_not_have_is_refused(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = app.repo.commit({**WEB})
    monkeypatch.chdir(app.repo.path)

    for look in (
        lambda: check_tree(Git(), commit, root="other"),
        lambda: app.check_out(root="other"),
    ):
        with pytest.raises(RefusedInputError, match="the repo has no folder `other`"):
            look()


def test_files_of_windows_are_read(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "Procfile": "web: gunicorn app:app\r\n",
        "requirements.txt": "gunicorn\r\n",
        ".python-version": "3.11\r\n",
        "app.json": '{"pushdeploy": {"storage": ["media"]}}\r\n',
    }
    commit = app.repo.commit({name: text.encode("utf-16") for name, text in files.items()})
    monkeypatch.chdir(app.repo.path)

    check_tree(Git(), commit)
    tree = app.check_out()

    assert tree.procfile == files["Procfile"]
    assert tree.requirements == {"requirements.txt": "gunicorn\r\n"}
    assert tree.storage == ("media",)


def test_a_commit_becomes_a_slug_with_all_that_a_deploy_must_know(app: App) -> None:
    commit = app.repo.commit(GOOD, modes={"run.sh": PROGRAM}, subject="Say hello")

    tree = app.check_out()

    slug = app.slugs / tree.slug
    assert (tree.commit.id, tree.commit.subject, tree.commit.author) == (commit, "Say hello", "Ada")
    assert tree.procfile == GOOD["Procfile"]
    assert dict(tree.requirements) == {
        "requirements.txt": "gunicorn\n-r more.txt\n",
        "more.txt": "flask\n",
    }
    assert not tree.reused
    assert (slug / "app.py").read_text() == "app = 1\n"
    assert (slug / "run.sh").stat().st_mode & stat.S_IXUSR
    assert names(app.slugs) == [tree.slug]


def test_the_same_tree_is_checked_out_once(app: App) -> None:
    app.repo.commit(GOOD)
    first = app.check_out()
    app.repo.commit(GOOD, subject="The same files")

    second = app.check_out()

    assert second.reused
    assert second.slug == first.slug


def test_a_slug_that_was_killed_half_way_is_made_anew(app: App) -> None:
    app.repo.commit(GOOD)
    key = app.check_out().slug
    (app.slugs / key).rename(app.slugs / f".new-{key}")
    (app.slugs / f".new-{key}" / "app.py").unlink()

    app.check_out()

    assert (app.slugs / key / "app.py").exists()


def test_only_the_static_folder_and_the_way_to_it_are_open_to_all(app: App) -> None:
    app.repo.commit(GOOD)

    slug = app.slugs / app.check_out().slug

    def others(path: Path) -> int:
        return path.stat().st_mode & 0o007

    assert others(slug) == 0o1, "a way through, and no listing"
    assert others(slug / "static") == 0o5
    assert others(slug / "static" / "deep" / "style.css") == 0o4
    assert others(slug / "app.py") == 0
    assert others(slug / "Procfile") == 0


def test_a_slug_without_static_files_is_closed(app: App) -> None:
    app.repo.commit({name: text for name, text in GOOD.items() if "static" not in name})

    slug = app.slugs / app.check_out().slug

    assert slug.stat().st_mode & 0o007 == 0


def test_a_static_folder_that_is_a_link_opens_nothing(app: App) -> None:
    files = {**{name: GOOD[name] for name in ("Procfile", "app.py")}, "static": "/etc"}
    app.repo.commit({**files, "requirements.txt": "gunicorn\n"}, modes={"static": LINK})
    before = stat.S_IMODE(Path("/etc").stat().st_mode)

    slug = app.slugs / app.check_out().slug

    assert slug.stat().st_mode & 0o007 == 0
    assert stat.S_IMODE(Path("/etc").stat().st_mode) == before


def test_storage_is_a_link_that_every_slug_shares(app: App) -> None:
    app.repo.commit({**GOOD, "app.json": '{"pushdeploy": {"storage": ["instance"]}}'})

    tree = app.check_out(storage=("media/uploads",))

    shared = app.slugs.parent / "shared"
    slug = app.slugs / tree.slug
    assert tree.storage == ("instance", "media/uploads")
    for folder in tree.storage:
        link = slug / folder
        assert link.is_symlink()
        assert Path(os.path.normpath(link.parent / link.readlink())) == shared / folder


def test_storage_inside_other_storage_is_refused(app: App) -> None:
    app.repo.commit({**GOOD, "app.json": '{"pushdeploy": {"storage": ["media/uploads"]}}'})

    with pytest.raises(RefusedInputError, match="lies inside"):
        app.check_out(storage=("media",))


def test_another_set_of_storage_is_another_slug(app: App) -> None:
    app.repo.commit(GOOD)

    keys = {app.check_out(storage=folders).slug for folders in ((), ("a",), ("b",), ("a", "b"))}

    assert len(keys) == 4


@pytest.mark.parametrize(
    ("tracked", "mode", "folder"),
    [
        ("instance", "100644", "instance"),
        ("instance/keep", "100644", "instance"),
        ("media", "100644", "media/uploads"),
        ("media", LINK, "media/uploads"),
    ],
)
def test_storage_that_git_tracks_is_refused(
    tracked: str, mode: str, folder: str, app: App, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    app.repo.commit({**GOOD, tracked: str(elsewhere)}, modes={tracked: mode})

    with pytest.raises(RefusedInputError) as refusal:
        app.check_out(storage=(folder,))

    assert "storage" in refusal.value.message
    assert refusal.value.hint
    assert names(app.slugs) == []
    assert names(elsewhere) == []


def test_a_revision_that_is_not_there_is_named(app: App) -> None:
    app.repo.commit(GOOD)

    with pytest.raises(NotFoundError, match="`nonsense` is not a commit"):
        app.check_out("nonsense")
    with pytest.raises(NotFoundError):
        app.check_out("--help")


def test_a_tag_of_a_file_or_a_folder_is_named_as_such(app: App) -> None:
    app.repo.commit(GOOD)
    app.repo.git("tag", "notes", "main:app.py")
    app.repo.git("tag", "-a", "-m", "x", "assets", "main:static")

    with pytest.raises(NotFoundError, match="`notes` names a file in the server's repo"):
        app.check_out("notes")
    with pytest.raises(NotFoundError, match="`assets` names a folder in the server's repo"):
        app.check_out("assets")


def test_the_beginning_of_several_ids_is_refused_as_such(app: App) -> None:
    commit = "commit refs/heads/main\ncommitter Ada <ada@example.org> {} +0000\ndata 0\n\n"
    many = "".join(commit.format(number) for number in range(2000))
    app.repo.git("fast-import", "--quiet", stdin=many.encode())
    beginnings = sorted(one[:4] for one in app.repo.git("rev-list", "main").split())
    twice = next(one for one, after in itertools.pairwise(beginnings) if one == after)

    with pytest.raises(NotFoundError, match=f"several ids .* begin with `{twice}`"):
        app.check_out(twice)


@pytest.mark.parametrize("revision", ["HEAD@{1}", "..", "@{u}", ":/text", "main^{tree}", "main~9"])
def test_what_git_understands_and_is_no_commit_of_the_repo_names_none(
    app: App, revision: str
) -> None:
    app.repo.commit(GOOD)

    with pytest.raises(NotFoundError):
        app.check_out(revision)


def test_tags_and_short_ids_name_commits(app: App) -> None:
    commit = app.repo.commit(GOOD)
    app.repo.git("tag", "v1.0", commit)

    assert app.check_out("v1.0").commit.id == commit
    assert app.check_out(commit[:10]).commit.id == commit


def test_a_requirement_that_is_missing_is_refused(app: App) -> None:
    app.repo.commit({name: text for name, text in GOOD.items() if name != "more.txt"})

    with pytest.raises(RefusedInputError, match=r"`more\.txt` is included"):
        app.check_out()


def test_a_requirement_of_the_tree_itself_is_seen(app: App) -> None:
    app.repo.commit({**GOOD, "requirements.txt": "gunicorn\n-e .\n", "setup.py": ""})

    assert app.check_out().local


@pytest.mark.parametrize("path", [".git/hooks/x", "../outside", "a/../../outside", ".GIT/config"])
def test_a_hostile_path_is_refused_and_writes_nothing(path: str, app: App, tmp_path: Path) -> None:
    commit = hostile_commit(app.repo, path)

    with pytest.raises((RefusedInputError, UnavailableError)):
        app.check_out(commit)

    assert not [name for name in names(app.slugs) if not name.startswith(".new-")]
    assert not (tmp_path / "outside").exists()
    assert not (app.slugs / "outside").exists()


def hostile_commit(repo: Repo, path: str) -> str:
    """A commit with a path that git's own commands do not make: object by object."""
    good = repo.git("ls-tree", "-z", repo.commit(GOOD)).rstrip("\0")
    identity = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    mode, kind = "100644", "blob"
    *folders, name = path.split("/")
    for folder in reversed(folders):
        raw = f"{mode} {name}\0".encode() + bytes.fromhex(identity)
        identity = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
        mode, kind, name = "40000", "tree", folder
    raw = f"{mode} {name}\0".encode() + bytes.fromhex(identity)
    for entry in good.split("\0"):
        facts, other = entry.split("\t")
        entry_mode, _, entry_id = facts.split()
        raw += f"{entry_mode.lstrip('0')} {other}\0".encode() + bytes.fromhex(entry_id)
    assert kind in {"blob", "tree"}
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    return repo.git("commit-tree", tree, "-m", "Hostile")


def test_the_repos_own_configuration_runs_nothing(app: App, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    app.repo.git("config", "core.fsmonitor", str(hook))
    app.repo.git("config", "core.hooksPath", str(tmp_path))
    app.repo.commit({**GOOD, ".gitattributes": "*.py filter=evil\n"})

    app.check_out()

    assert not mark.exists()


def test_a_child_that_was_got_ready_answers_the_first_question(app: App) -> None:
    commit = app.repo.commit(GOOD)
    app.checkout_worker.prepare()

    answer = app.checkout_worker.ask("resolve", repo=str(app.repo.path), revision="refs/heads/main")

    assert commit in answer


def test_a_repo_that_is_none_is_said(app: App, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="is not a git repo"):
        app.checkout_worker.ask("resolve", repo=str(tmp_path / "nothing"), revision="main")
