"""Files that tell what a job saw and what changed (S114-S124)."""
