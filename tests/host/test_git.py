"""git beside pushing: reading back, hostile trees, and what a client sends along."""

import pytest

from tests.host import processes
from tests.host.story import (
    REMOTE,
    Site,
    assert_refused,
    assert_unchanged,
    snapshot,
)

MARK = "/run/hostile"


def test_the_server_can_be_cloned_and_fetched_from(standing: Site) -> None:
    site = standing
    commit = site.laptop.git(site.app, "rev-parse", "HEAD").stdout
    clone = site.app.folder.with_name("clone")

    site.laptop.git(site.app, "clone", "-q", f"deploy@server:{site.name}", str(clone))
    site.laptop.git(site.app, "fetch", "-q", REMOTE)

    assert (clone / "VERSION").read_text() == "1\n"
    assert site.laptop.git(site.app, "rev-parse", f"{REMOTE}/main").stdout == commit


def test_reading_an_app_that_is_not_there_makes_none(site: Site) -> None:
    answer = site.laptop.git(site.app, "fetch", REMOTE, check=False)

    assert answer.returncode != 0
    assert f"there is no app `{site.name}`" in answer.stderr
    assert not site.host.exists(site.root)


def test_a_link_out_of_the_static_folder_is_refused(standing: Site) -> None:
    site = standing
    before, refs = snapshot(site), site.refs()
    (site.app.folder / "static").mkdir()
    (site.app.folder / "static/environment").symlink_to("../../../current/environment")
    site.change({"static/site.css": "body {}\n"})

    push = site.push()

    assert_refused(push, "`static/environment` is a link", "git rm static/environment")
    assert site.refs() == refs
    assert_unchanged(site, before)


def test_other_links_that_lead_out_of_the_tree_give_nobody_anything(site: Site) -> None:
    site.become("tiny")
    for name, target in {"shadow": "/etc/shadow", "outside": "../../../../../../etc"}.items():
        (site.app.folder / name).symlink_to(target)
    site.change({})

    push = site.push()

    assert push.exit_status == 0, push.output
    code = f"{site.root}/current/code"
    for user in ("www-data", "deploy", f"pd-{site.name}", f"pb-{site.name}"):
        answer = site.host.run("cat", f"{code}/shadow", user=user, check=False)
        assert (answer.returncode, answer.stdout) == (1, "")
    look = "stat -c '%a %U' /etc/shadow /etc /etc/passwd"
    assert site.host.run("sh", "-c", look).stdout == "640 root\n755 root\n644 root\n"


def test_a_link_for_the_static_folder_is_refused(standing: Site) -> None:
    site = standing
    before, refs = snapshot(site), site.refs()
    (site.app.folder / "static").symlink_to(".")
    site.change({})

    push = site.push()

    assert push.exit_status != 0
    assert "`static` is a link to `.`" in push.output
    assert site.refs() == refs
    assert_unchanged(site, before)


def test_a_file_of_submodules_that_would_run_a_command_is_refused(standing: Site) -> None:
    site = standing
    before, refs = snapshot(site), site.refs()
    modules = f'[submodule "x"]\n\tpath = x\n\turl = ../x\n\tupdate = !touch {MARK}\n'
    site.change({".gitmodules": modules})

    push = site.push()

    assert push.exit_status != 0
    assert "gitmodulesUpdate" in push.output
    assert site.refs() == refs
    assert_unchanged(site, before)
    assert not site.host.exists(MARK)


def test_filters_and_hooks_in_the_tree_run_nothing(site: Site) -> None:
    site.become("tiny")
    site.change(
        {
            ".gitattributes": "* filter=evil ident eol=crlf export-subst\n",
            ".gitconfig": f'[filter "evil"]\n\tsmudge = touch {MARK}\n',
            "hooks/post-checkout": f"#!/bin/sh\ntouch {MARK}\n",
        }
    )

    push = site.push()

    assert push.exit_status == 0, push.output
    assert not site.host.exists(MARK)


def test_a_requirements_file_that_is_a_link_is_refused(standing: Site) -> None:
    site = standing
    before = snapshot(site)
    requirements = site.app.folder / "requirements.txt"
    requirements.unlink()
    requirements.symlink_to("/etc/passwd")
    site.change({})

    push = site.push()

    assert_refused(push, "requirements.txt")
    assert_unchanged(site, before)


def test_a_tree_whose_paths_reach_into_git_is_refused(standing: Site) -> None:
    site = standing
    before, refs = snapshot(site), site.refs()
    blob = site.laptop.git(site.app, "rev-parse", "HEAD:app.py").stdout.strip()
    inner = make_tree(site, f"100644 blob {blob}\tconfig\n")
    listing = site.laptop.git(site.app, "ls-tree", "HEAD").stdout
    tree = make_tree(site, f"{listing}040000 tree {inner}\t.git\n")
    commit = site.laptop.git(site.app, "commit-tree", "-p", "HEAD", "-m", "Evil", tree)
    site.laptop.git(site.app, "update-ref", "refs/heads/main", commit.stdout.strip())

    push = site.push()

    assert push.exit_status != 0
    assert "hasDotgit" in push.output
    assert site.refs() == refs
    assert_unchanged(site, before)


def make_tree(site: Site, listing: str) -> str:
    """Write a tree object without git's own checks."""
    line = 'printf %s "$1" | git mktree --missing'
    result = processes.run(
        ["sh", "-c", line, "sh", listing], env=site.laptop.environment, cwd=site.app.folder
    )
    return result.stdout.strip()


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_X": f"() {{ :;}}; touch {MARK}"},
        {"LC_ALL": f"$(touch {MARK})", "LANG": f"`touch {MARK}`"},
        {"GIT_SSH_COMMAND": f"touch {MARK}", "GIT_CONFIG_COUNT": "1"},
        {"PYTHONSTARTUP": MARK, "PYTHONPATH": "/run", "LD_PRELOAD": "/run/x.so", "BASH_ENV": MARK},
        {"GIT_PROTOCOL": f"version=2; touch {MARK}"},
    ],
)
def test_variables_that_a_client_sends_along_do_nothing(
    standing: Site, variables: dict[str, str]
) -> None:
    site = standing
    sends = [f"-oSetEnv={name}={quoted(text)}" for name, text in variables.items()]
    argv = site.laptop.ssh_argv(*sends, command="apps --json")

    asked = processes.run(argv, env=site.laptop.environment, check=False)
    fetched = processes.run(
        site.laptop.ssh_argv(*sends, command=f"git-upload-pack '{site.name}'"),
        env=site.laptop.environment,
        stdin="0000",
        check=False,
    )

    assert asked.returncode == 0, asked.stderr
    assert site.name in asked.stdout
    assert fetched.returncode == 0, fetched.stderr
    assert not site.host.exists(MARK)


def quoted(text: str) -> str:
    """As ssh_config(5) reads a value with blanks."""
    return '"' + text.replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    "command",
    [
        "git-receive-pack '/etc/passwd'",
        "git-upload-pack '/var/lib/pushdeploy/apps/blog/repo.git'",
        "git-upload-pack --upload-pack=id 'blog'",
        "git-receive-pack 'blog' 'x'",
        "git-receive-pack 'blog\n'",
        "git-upload-archive 'blog'",
        "git receive-pack '../blog'",
        "git-receive-pack $(touch /run/hostile)",
    ],
)
def test_only_the_repo_of_an_app_can_be_named_to_git(site: Site, command: str) -> None:
    answer = site.laptop.ssh(command)

    assert answer.returncode in (2, 3, 4), (answer.returncode, answer.stderr)
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    assert not site.host.exists(MARK)


def test_a_command_that_is_too_long_is_refused(site: Site) -> None:
    answer = site.laptop.ssh("version " + "a" * 120_000)

    assert answer.returncode == 2
    assert "characters" in answer.stderr


def test_a_command_of_five_megabytes_harms_nobody(site: Site) -> None:
    settings = site.laptop.home / "ssh_config"
    settings.write_text(f"{settings.read_text()}  RemoteCommand version {'a' * 5_000_000}\n")

    answer = processes.run(site.laptop.ssh_argv(), env=site.laptop.environment, check=False)

    assert answer.returncode != 0
    settings.write_text(settings.read_text().split("  RemoteCommand")[0])
    assert site.laptop.ssh("apps").returncode == 0
