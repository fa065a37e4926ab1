"""Which records are the same company: pure, deterministic, the same for every order of input."""

from povod.book.dedup.resolve import Resolution, ReviewPair, resolve

__all__ = ["Resolution", "ReviewPair", "resolve"]
