"""Does nothing, for as long as it is let."""

import time

import signs

signs.crash_if("crash-worker")
print("worker started", flush=True)
while True:
    time.sleep(1000)
