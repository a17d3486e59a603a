"""The machine: one module a program, or a fact of it."""
