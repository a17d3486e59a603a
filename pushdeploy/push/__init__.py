"""A push: what sshd and git run, from the key to the engine."""
