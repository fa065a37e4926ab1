"""Niches in a Google Sheet: rows are imported like those of a file, results are written back.

`google` talks to the service, `grid` knows columns and finds rows again, `sync` does the work.
"""
