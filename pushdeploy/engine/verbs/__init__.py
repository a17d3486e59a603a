"""What the engine can be asked: one file a noun, with its answers and its verbs."""
