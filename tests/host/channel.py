"""A channel of conda as servers of packages have it, made of nothing: on a host, by its Python.

`python` there is the smallest that conda would take for one: its `bin/python3.N` leads to the
system's. So a test of it shows how environments are solved, linked, sealed and started, and
nothing about the Pythons that conda's own channels have.
"""

import hashlib
import io
import json
import platform
import sys
import tarfile
from pathlib import Path

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}.get(platform.machine(), "noarch")
LINK = "-> "


def make_channel(folder: Path) -> str:
    """Make it in a folder; returns the version of its Python: `3.11.99`."""
    version = f"{MINOR}.99"
    python = {
        "bin/python": f"{LINK}python{MINOR}",
        "bin/python3": f"{LINK}python{MINOR}",
        f"bin/python{MINOR}": f"{LINK}/usr/bin/python{MINOR}",
        "pyvenv.cfg": f"home = /usr/bin\nversion = {version}\n",
        f"lib/python{MINOR}/site-packages/README.txt": "Packages are put here.\n",
    }
    _add(folder, SUBDIR, {"name": "python", "version": version, "depends": []}, python)
    for name, needs in (("tiny-shop", ["python", "tiny-stock"]), ("tiny-stock", ["python"])):
        _add(
            folder,
            "noarch",
            {"name": name, "version": "1.5", "depends": needs, "noarch": "python"},
            _wheel(name),
        )
    return version


def _wheel(name: str) -> dict[str, str]:
    module = name.replace("-", "_")
    about = f"site-packages/{module}-1.5.dist-info"
    return {
        f"site-packages/{module}/__init__.py": "OPEN = True\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n",
        f"{about}/INSTALLER": "conda\n",
        f"{about}/RECORD": f"{module}/__init__.py,,\n",
    }


def _add(folder: Path, subdir: str, about: dict[str, object], files: dict[str, str]) -> None:
    place = folder / subdir
    place.mkdir(parents=True, exist_ok=True)
    index = {**about, "build": "0", "build_number": 0, "subdir": subdir}
    name = f"{about['name']}-{about['version']}-0.tar.bz2"
    listed = [
        {
            "_path": path,
            "path_type": "softlink" if text.startswith(LINK) else "hardlink",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "size_in_bytes": len(text),
        }
        for path, text in files.items()
    ]
    own = {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths": listed, "paths_version": 1}),
    }
    if "noarch" in about:
        link = {"noarch": {"type": about["noarch"]}, "package_metadata_version": 1}
        own["info/link.json"] = json.dumps(link)
    with tarfile.open(place / name, "w:bz2") as tar:
        for path, text in {**own, **files}.items():
            _put(tar, path, text)
    packed = (place / name).read_bytes()
    digests = {
        "md5": hashlib.md5(packed, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(packed).hexdigest(),
    }
    repodata = place / "repodata.json"
    known = json.loads(repodata.read_text()) if repodata.exists() else {"packages": {}}
    known["packages"][name] = {**index, **digests, "size": len(packed)}
    repodata.write_text(json.dumps({"info": {"subdir": subdir}, "repodata_version": 1, **known}))


def _put(tar: tarfile.TarFile, path: str, text: str) -> None:
    member = tarfile.TarInfo(path)
    member.mode = 0o755 if path.startswith("bin/") else 0o644
    if text.startswith(LINK):
        member.type, member.linkname = tarfile.SYMTYPE, text.removeprefix(LINK)
        tar.addfile(member)
        return
    member.size = len(text.encode())
    tar.addfile(member, io.BytesIO(text.encode()))


if __name__ == "__main__":
    print(make_channel(Path(sys.argv[1])))  # noqa: T201 - a server's test reads it
