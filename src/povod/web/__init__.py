"""The console: pages, JSON API and live events."""

from povod.web.application import create_app

__all__ = ["create_app"]
