"""What is recorded about apps and the server, on disk: who writes it, and who only reads."""
