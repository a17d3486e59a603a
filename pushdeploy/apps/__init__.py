"""Apps as a whole: made, destroyed, their repo, branch, storage, owners and ports."""
