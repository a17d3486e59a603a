"""The privileged boundary: protocol, server, client, follower."""
