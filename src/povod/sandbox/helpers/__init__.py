"""Services around the crawl and the house: a journal, fetch helpers, proxies, S3, web hooks."""
