"""Words: parse, compare, refuse. Pure; imports nothing above."""
