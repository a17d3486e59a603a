"""What the kernel counts of a control group is read from its files."""

from pathlib import Path

from pushdeploy.system.refused_forks import Hits, hits

EVENTS = "low 0\nhigh 0\nmax 812\noom 3\noom_kill 2\noom_group_kill 0\n"


def group(folder: Path, line: str) -> Path:
    """What /proc/self/cgroup says."""
    path = folder / "cgroup"
    path.write_text(f"{line}\n")
    return path


def test_counts_what_was_killed_and_what_could_not_be_started(tmp_path: Path) -> None:
    unit = tmp_path / "pushdeploy.slice/pushdeploy-blog.build.service"
    unit.mkdir(parents=True)
    (unit / "memory.events").write_text(EVENTS)
    (unit / "pids.events").write_text("max 41\n")

    found = hits(group(tmp_path, "0::/pushdeploy.slice/pushdeploy-blog.build.service"), tmp_path)

    assert found == Hits(killed=2, refused_forks=41)
    assert found.since(Hits(killed=2, refused_forks=40)) == Hits(killed=0, refused_forks=1)


def test_knows_of_none_where_no_controller_counts(tmp_path: Path) -> None:
    assert hits(group(tmp_path, "0::/"), tmp_path) == Hits()
    assert hits(group(tmp_path, "4:memory:/user.slice"), tmp_path) == Hits()
    assert hits(tmp_path / "nothing", tmp_path) == Hits()
