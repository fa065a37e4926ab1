"""Fetching: one guarded HTTP client with caps, the only place of the house that loads pages."""

from povod.crawl.fetch.http import HttpFetcher
from povod.crawl.fetch.result import Failure, FetchError, FetchLimits, Response

__all__ = ["Failure", "FetchError", "FetchLimits", "HttpFetcher", "Response"]
