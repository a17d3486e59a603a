"""The privileged boundary: who asks, what may be asked, and how it is answered."""
