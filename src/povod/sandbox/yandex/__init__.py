"""Imitation of the search service's deferred API, its token exchange and its operations."""
