"""Says why on stderr, and ends before it listens."""

import sys

print("no database is configured: set DATABASE_URL", file=sys.stderr)
sys.exit(7)
