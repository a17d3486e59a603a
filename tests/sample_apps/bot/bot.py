"""Says by whom it was started, and goes on."""

import os
import time
from pathlib import Path

release = os.environ["PUSHDEPLOY_RELEASE"]
Path("said", os.environ["DYNO"]).write_text(f"{release} {os.environ['SOURCE_VERSION']}\n")
while True:
    time.sleep(60)
