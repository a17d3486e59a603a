"""Takes jobs from a folder in storage, oldest name first; on TERM finishes the one in hand."""

import os
import signal
import time
from pathlib import Path
from threading import Event

QUEUE, TAKEN, DONE = (Path("instance") / name for name in ("queue", "taken", "done"))
PAUSE_SECONDS = 0.2


def take():
    for job in sorted(QUEUE.iterdir()):
        mine = TAKEN / f"{job.name}.{os.getpid()}"
        try:
            job.rename(mine)
        except FileNotFoundError:  # another worker was faster
            continue
        return job.name, mine
    return None


def work(name, mine):
    started = time.time()
    time.sleep(float(mine.read_text().strip() or 0))
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    with (DONE / name).open("a") as file:
        file.write(f"{release} {os.getpid()} {started:.3f} {time.time():.3f}\n")
    mine.unlink()
    print(f"done {name}", flush=True)


def live(word):
    with Path("instance/lives").open("a") as file:
        file.write(f"{word} {os.environ.get('PUSHDEPLOY_RELEASE')} {os.getpid()} {time.time()}\n")


stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
for folder in (QUEUE, TAKEN, DONE):
    folder.mkdir(parents=True, exist_ok=True)
live("from")
print("worker started", flush=True)
while not stop.is_set():
    if job := take():
        work(*job)
    else:
        stop.wait(PAUSE_SECONDS)
live("to")
print("worker stopped", flush=True)
