"""A seeded world of Russian company sites: what exists, how it looks, and the truth about it."""

from povod.sandbox.world.build import build_world
from povod.sandbox.world.model import Hit, Site, World

__all__ = ["Hit", "Site", "World", "build_world"]
