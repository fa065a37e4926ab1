"""Egress proxies: what they are, which one to take, how they fare (S82-S84)."""

from povod.crawl.proxies.model import Proxy

__all__ = ["Proxy"]
