"""The list of a job: reading maps and files, choosing addresses, a preview (S33-S44)."""
