"""The venv's key changes with everything that defines a venv, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.build.build import venv_key
from pushdeploy.build.grower import UNFIT
from pushdeploy.build.recipe import SETUPTOOLS
from pushdeploy.build.venv import OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.deploy.change_release import Change
from pushdeploy.events import AttemptFailed, PythonChosen, Warned
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.release import Commit, Kind
from pushdeploy.model.tree import Tree
from pushdeploy.system.compile_venv import NEEDS_SETUPTOOLS
from tests.deploy.machine import FakeMachine, names

TREE = Tree(
    commit=Commit("a" * 40, "Subject", "Ada"),
    slug="b" * 24,
    tree="c" * 40,
    reused=False,
    procfile="web: gunicorn app:app\n",
    app_json="",
    python_version="",
    requirements={"requirements.txt": "flask\n"},
    local=False,
    storage=(),
)


def key(tree: Tree = TREE, python: str = "3.11.2", extra: tuple[str, ...] = ()) -> str:
    """The key of the venv."""
    return venv_key(tree, python, list(extra))


@pytest.mark.parametrize(
    "other",
    [
        key(python="3.11.3"),
        key(extra=("gunicorn",)),
        key(replace(TREE, requirements={"requirements.txt": "flask==3\n"})),
        key(replace(TREE, requirements={"requirements.txt": "flask\n", "more.txt": "celery\n"})),
        key(replace(TREE, requirements={"requirements.txt": "flask\n", "": ""})),
        key(replace(TREE, local=True)),
        key(replace(TREE, source=Source.UV)),
        key(replace(TREE, project=True)),
    ],
)
def test_what_defines_a_venv_changes_its_key(other: str) -> None:
    assert other != key()


@pytest.mark.parametrize(
    "tree",
    [
        replace(TREE, commit=Commit("d" * 40, "Another", "Bob")),
        replace(TREE, slug="e" * 24, tree="f" * 40),
        replace(TREE, procfile="web: waitress-serve app:app\n"),
        replace(TREE, app_json="{}"),
        replace(TREE, storage=("instance",)),
        replace(TREE, reused=True),
    ],
)
def test_what_does_not_define_a_venv_leaves_its_key(tree: Tree) -> None:
    assert key(tree) == key()


def test_a_local_requirement_puts_the_code_into_the_key() -> None:
    local = replace(TREE, local=True)

    assert key(local) != key(replace(local, slug="e" * 24))


NAME = st.text("abc/.\0 \n", max_size=4)


@given(
    st.dictionaries(NAME, NAME, min_size=1, max_size=3),
    st.dictionaries(NAME, NAME, min_size=1, max_size=3),
    st.lists(NAME, max_size=2),
    st.lists(NAME, max_size=2),
)
def test_different_inputs_never_share_a_key(
    one: dict[str, str], other: dict[str, str], extra: list[str], more: list[str]
) -> None:
    first = venv_key(replace(TREE, requirements=one), "3.11.2", extra)
    second = venv_key(replace(TREE, requirements=other), "3.11.2", more)

    assert (first == second) == ((one, extra) == (other, more))


def test_text_of_one_file_cannot_pass_for_another_file() -> None:
    one = replace(TREE, requirements={"a.txt": "x\0b.txt\0y"})
    two = replace(TREE, requirements={"a.txt": "x", "b.txt": "y"})

    assert key(one) != key(two)


def test_a_venv_without_its_mark_is_made_anew(machine: FakeMachine) -> None:
    machine.push("one")
    (venv,) = machine.place.venvs.iterdir()
    (venv / ".complete").unlink()
    (venv / "half").write_text("")

    machine.deploy()

    assert (venv / ".complete").exists()
    assert not (venv / "half").exists()


def test_a_python_that_is_not_there_is_refused_before_anything_is_built(
    machine: FakeMachine,
) -> None:
    commit = machine.checkout_worker.commit("one")
    tree = machine.checkout_worker.trees[commit]
    machine.checkout_worker.trees[commit] = replace(
        tree, python_version="3.2", python_file=".python-version"
    )
    machine.branch_names(commit)

    ended = machine.deploy()

    assert ended.exit_code == 7
    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert "3.2" in told.reason
    assert names(machine.place.venvs) == []
    assert ("once", JobKind.BUILD) not in machine.supervisor.calls


def test_the_servers_own_python_is_named(machine: FakeMachine) -> None:
    machine.push("one")

    told = machine.watching.one(PythonChosen)

    assert isinstance(told, PythonChosen)
    assert told.source == "the server's own"


def jobs(machine: FakeMachine) -> dict[JobKind, Job]:
    """What ran, by kind."""
    return {job.kind: job for job in machine.supervisor.jobs}


def assert_sees_no_secrets(machine: FakeMachine, job: Job) -> None:
    """Neither by files nor by its environment."""
    assert set(job.hidden) >= {machine.place.releases, machine.place.shared}
    assert {name for name, _ in job.environment} <= {
        *("PATH", "LANG", "UV_SYSTEM_CERTS", "UV_CACHE_DIR", "UV_LINK_MODE", "UV_NO_CACHE"),
        *("UV_PYTHON_DOWNLOADS", "UV_NO_PROGRESS"),
    }


def test_wheels_alone_are_fetched_into_the_apps_cache_and_no_code_runs(
    machine: FakeMachine,
) -> None:
    machine.push("one")

    assert list(jobs(machine)) == [JobKind.FETCH]
    job = jobs(machine)[JobKind.FETCH]
    (venv,) = machine.place.venvs.iterdir()
    assert job.writable == (venv, machine.place.build_cache)
    assert dict(job.environment)["UV_CACHE_DIR"] == str(machine.place.verified_cache)
    assert {"--no-build", "--no-compile-bytecode", "-S"} <= set(job.argv)
    assert_sees_no_secrets(machine, job)
    assert not machine.place.build_work.exists()


def test_packages_code_never_runs_where_the_apps_cache_can_be_written(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.push("one")

    assert list(jobs(machine)) == [JobKind.FETCH, JobKind.BUILD, JobKind.KEEP]
    job = jobs(machine)[JobKind.BUILD]
    (venv,) = machine.place.venvs.iterdir()
    assert job.writable == (venv, machine.place.build_work)
    assert dict(job.environment)["UV_CACHE_DIR"] == str(machine.place.build_work / "uv")
    assert job.home == machine.place.build_work
    assert_sees_no_secrets(machine, job)
    keep = jobs(machine)[JobKind.KEEP]
    assert keep.writable == (machine.place.build_cache,)
    assert not any(str(venv) in word for word in keep.argv)  # whose Python the build could replace
    assert not machine.place.build_work.exists()


def test_what_is_built_from_the_tree_is_not_tried_from_wheels(machine: FakeMachine) -> None:
    commit = machine.checkout_worker.commit("one")
    tree = machine.checkout_worker.trees[commit]
    machine.checkout_worker.trees[commit] = replace(tree, local=True)
    machine.branch_names(commit)

    assert machine.deploy().exit_code == 0

    assert list(jobs(machine)) == [JobKind.BUILD, JobKind.KEEP]


@pytest.mark.parametrize("status", [OUT_OF_MEMORY, OUT_OF_TASKS])
def test_a_limit_that_was_met_is_not_met_twice(machine: FakeMachine, status: int) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = status

    assert machine.push("one").exit_code == 7

    assert list(jobs(machine)) == [JobKind.FETCH]


def test_a_lock_that_is_older_than_its_source_is_said_at_each_push(machine: FakeMachine) -> None:
    for name in ("one", "two"):
        commit = machine.checkout_worker.commit(name)
        tree = machine.checkout_worker.trees[commit]
        machine.checkout_worker.trees[commit] = replace(tree, source=Source.UV, stale=True)
        machine.branch_names(commit)

        assert machine.deploy().exit_code == 0

        told = machine.watching.one(Warned)
        assert isinstance(told, Warned)
        assert "`uv.lock` is older than `pyproject.toml`" in told.text
        assert told.hint.startswith("uv lock")


def words_of(machine: FakeMachine) -> list[str]:
    """Which program of ours each build has begun with, in order."""
    return [
        "grower" if any("grower" in word for word in job.argv) else "builder"
        for job in machine.supervisor.jobs
        if job.kind in (JobKind.FETCH, JobKind.BUILD)
    ]


def test_the_next_venv_begins_with_the_last_ones_files(machine: FakeMachine) -> None:
    machine.push("one", requirements="flask\n")
    machine.push("two", requirements="flask\nsix\n")

    assert words_of(machine) == ["builder", "grower"]
    job = machine.supervisor.jobs[-1]
    assert {"--exact", "--upgrade", "--no-build", "-S"} <= set(job.argv)
    assert job.kind is JobKind.FETCH
    assert machine.place.venvs / job.argv[4] in machine.place.venvs.iterdir()


def test_a_venv_in_whose_making_packages_code_ran_is_no_seed(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.push("one", requirements="flask\n")
    del machine.supervisor.statuses_of_jobs[JobKind.FETCH]

    machine.push("two", requirements="flask\nsix\n")

    assert words_of(machine) == ["builder", "builder", "builder"]


def test_what_code_made_in_the_place_of_a_seed_is_none(machine: FakeMachine) -> None:
    machine.push("one", requirements="flask\n")
    (venv,) = machine.place.venvs.iterdir()
    (venv / ".complete").unlink()
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.deploy()
    del machine.supervisor.statuses_of_jobs[JobKind.FETCH]
    assert (venv / ".complete").exists()

    machine.push("two", requirements="flask\nsix\n")

    assert words_of(machine)[-1] == "builder"


def test_where_a_seed_does_not_fit_the_venv_is_made_afresh_from_wheels(
    machine: FakeMachine,
) -> None:
    machine.push("one", requirements="flask\n")
    machine.supervisor.status_of_growth = UNFIT

    assert machine.push("two", requirements="flask\nsix\n").exit_code == 0

    assert words_of(machine) == ["builder", "grower", "builder"]


def test_a_rebuild_takes_nothing_from_another_venv(machine: FakeMachine) -> None:
    machine.push("one", requirements="flask\n")

    machine.change_release(Change(Kind.REBUILD, "Rebuild", fresh=True))

    assert words_of(machine) == ["builder", "builder"]


def test_another_index_takes_nothing_from_another_venv(machine: FakeMachine) -> None:
    machine.push("one", requirements="flask\n")
    machine.push("two", requirements="--index-url https://one/simple\nflask\n")

    assert words_of(machine) == ["builder", "builder"]


def test_a_note_that_a_power_cut_left_is_no_seed(machine: FakeMachine) -> None:
    machine.push("one", requirements="flask\n")
    machine.place.seed.write_text("")

    assert machine.push("two", requirements="flask\nsix\n").exit_code == 0

    assert words_of(machine) == ["builder", "builder"]


PRIVATE = "https://ada:hunter22@pypi.example.com/simple"


def test_credentials_of_an_index_reach_the_build_alone_and_no_log(machine: FakeMachine) -> None:
    machine.push("one")
    machine.set_config(UV_INDEX=PRIVATE, DATABASE_URL="postgres:///x")
    machine.supervisor.jobs.clear()
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.supervisor.output_of_jobs[JobKind.BUILD] = [f"error: {PRIVATE}: 401"]

    machine.push("two", requirements="gunicorn\nflask\n")

    told = {job.kind: dict(job.private) for job in machine.supervisor.jobs}
    assert told[JobKind.FETCH] == told[JobKind.BUILD] == {"UV_INDEX": PRIVATE}
    assert not any("hunter22" in repr(event) for event in machine.watching.events)
    assert any(
        "****@pypi.example.com: 401" in repr(event).replace("/simple", "")
        for event in machine.watching.events
    )


def test_another_index_is_another_venv(machine: FakeMachine) -> None:
    machine.push("one")
    machine.set_config(UV_INDEX=PRIVATE)

    machine.push("two")

    assert len(names(machine.place.venvs)) == 2


def test_a_build_that_lacks_something_of_the_server_says_what_to_install(
    machine: FakeMachine,
) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 1
    machine.supervisor.output_of_jobs[JobKind.BUILD] = [
        "  x Failed to build `psycopg2==2.9.10`",
        "      Error: pg_config executable not found.",
    ]

    assert machine.push("one").exit_code == 7

    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert told.reason == "`psycopg2` is built here and needs `pg_config`, which this server lacks"
    assert "apt-get install libpq-dev" in told.hint


def test_an_old_package_gets_the_setuptools_that_it_imports(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = NEEDS_SETUPTOOLS
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 0

    assert machine.push("one").exit_code == 0

    first, second = machine.supervisor.jobs[:2]
    assert (first.kind, second.kind) == (JobKind.FETCH, JobKind.BUILD)
    assert SETUPTOOLS not in first.argv
    assert SETUPTOOLS in second.argv
    assert "venv" not in second.argv  # all else is there already
    assert [word for word in second.argv if word.startswith("--requirement")] == []
    assert not machine.place.seed.exists()  # the next venv has to be looked at as a whole


def push_with(machine: FakeMachine, source: Source, *, version: str) -> None:
    """Push a tree whose packages are listed in this file; its Procfile wants gunicorn."""
    commit = machine.checkout_worker.commit(version)
    tree = machine.checkout_worker.trees[commit]
    machine.checkout_worker.trees[commit] = replace(
        tree, source=source, requirements={source: version}, packages=()
    )
    machine.branch_names(commit)
    assert machine.deploy().exit_code == 0


@pytest.mark.parametrize("source", [Source.PYLOCK, Source.REQUIREMENTS, Source.UV])
def test_uv_that_may_write_to_the_verified_cache_never_meets_a_venv_with_packages(
    source: Source, machine: FakeMachine
) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 0
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = NEEDS_SETUPTOOLS

    push_with(machine, source, version="one")

    verified = machine.place.verified_cache
    for job in machine.supervisor.jobs:
        installs = [job.argv[at + 1] for at, word in enumerate(job.argv) if word == "pip"]
        if dict(job.environment)["UV_CACHE_DIR"] == str(verified):
            assert installs in ([], ["install"]), job.argv
        else:
            assert not any(verified.is_relative_to(path) for path in job.writable)
    assert JobKind.BUILD in [job.kind for job in machine.supervisor.jobs]


def test_a_package_that_is_built_by_an_old_setuptools_gets_it(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 2
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 1
    machine.supervisor.output_of_jobs[JobKind.BUILD] = [
        "      ModuleNotFoundError: No module named 'pkg_resources'"
    ]

    assert machine.push("one").exit_code == 7

    builds = [dict(job.environment) for job in machine.supervisor.jobs if job.kind is JobKind.BUILD]
    assert ["UV_BUILD_CONSTRAINT" in one for one in builds] == [False, True]


def test_groups_of_a_list_that_has_none_are_said_to_be_passed_over(machine: FakeMachine) -> None:
    commit = machine.checkout_worker.commit("one")
    tree = machine.checkout_worker.trees[commit]
    settings = replace(tree.settings, file="app.json", groups=("jobs",))
    machine.checkout_worker.trees[commit] = replace(tree, settings=settings)
    machine.branch_names(commit)

    assert machine.deploy().exit_code == 0

    warned = [one.text for one in machine.watching.events if isinstance(one, Warned)]
    assert warned == ["groups are passed over, since `requirements.txt` has none: jobs"]
