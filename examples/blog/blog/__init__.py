"""A small blog: posts in SQLite, a form to write them, a worker that counts their words."""
