"""The crawlers that bench/crawl.py measures; each runs in a process of its own."""
