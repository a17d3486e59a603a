"""The story: one verb per file, from a commit to a live release and back."""
