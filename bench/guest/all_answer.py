"""Ask several ports of 127.0.0.1 until each has said 200; one JSON object: port to its moment.

    python3 -m bench.guest.all_answer SECONDS PORT [PORT...]

The clock is the monotonic one. A port that never answered within SECONDS has null.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bench.guest.poll import ask

PAUSE_SECONDS = 0.1


def main() -> int:
    """Ask all at once."""
    seconds, *ports = sys.argv[1:]
    end = time.monotonic() + float(seconds)

    def first(port: str) -> float | None:
        while time.monotonic() < end:
            if b" 200 " in ask(int(port))[:16]:
                return time.monotonic()
            time.sleep(PAUSE_SECONDS)
        return None

    with ThreadPoolExecutor(len(ports)) as pool:
        found = dict(zip(ports, pool.map(first, ports), strict=True))
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
