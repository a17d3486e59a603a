"""The apps that are deployed: `/` says `v=3 release=v7 pid=41`."""

import shlex
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]

FOLDERS = {
    "flask": CHECKOUT / "bench/subjects/flask",
    "flask12": CHECKOUT / "bench/subjects/flask12",
    "flask60": CHECKOUT / "bench/subjects/flask60",
    "tiny": CHECKOUT / "tests/sample_apps/tiny",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One app."""

    name: str
    folder: Path

    @classmethod
    def named(cls, name: str) -> "Subject":
        """One of `FOLDERS`."""
        return cls(name, FOLDERS[name])

    def files(self) -> dict[str, str]:
        """Path to text."""
        return {
            str(path.relative_to(self.folder)): path.read_text()
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    @property
    def gunicorn(self) -> list[str]:
        """What follows `gunicorn` in the Procfile's web line."""
        line = (self.folder / "Procfile").read_text().strip()
        return shlex.split(line.removeprefix("web: gunicorn "))

    @property
    def requirements(self) -> str:
        """requirements.txt."""
        return (self.folder / "requirements.txt").read_text()

    @property
    def packages(self) -> int:
        """How many it names itself."""
        return len(self.requirements.split())
