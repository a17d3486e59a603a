"""What holds for all tests: shared servers, and time is never asserted, not by Hypothesis."""

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.host.fixtures",
    "tests.deploy.fixtures",
    "tests.key_fixtures",
    "tests.longest_first",
]

settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# A change that is being judged is judged by the same examples each time.
settings.register_profile("judged", settings.get_profile("patient"), derandomize=True)
settings.load_profile("judged" if os.environ.get("CI") else "patient")

# Before anything imports them.
for name in ("story", "strikes", "struck", "whole"):
    pytest.register_assert_rewrite(f"tests.host.{name}")
