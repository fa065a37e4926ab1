"""The pieces of bench/chaos_crawl.py: the job, its disturbances, and what it is held against."""
