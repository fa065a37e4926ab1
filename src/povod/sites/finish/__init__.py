"""The end of a job: what changed since the last good state, and the files that tell it."""
