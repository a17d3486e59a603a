"""Tells people what goes wrong, and when it is over; looks at what all other rooms record."""
