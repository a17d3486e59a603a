"""A migration that fails."""

import sys

print("applying migration 0042_orders")
sys.exit("migration 0042_orders failed: table orders has no column total")
