"""Leaves a line per run in storage, waits, and then prints more than any pipe holds."""

import sys
from pathlib import Path

import gate

LINES, WIDTH = 3000, 100

version = Path("VERSION").read_text().strip()
with Path("instance/releases.txt").open("a") as file:
    file.write(f"{version}\n")
print("release began", flush=True)
gate.wait("hold-release")
for number in range(LINES):
    print(f"{number} ".ljust(WIDTH - 1, "."))
if version.startswith("bad"):
    sys.exit("this release fails")
