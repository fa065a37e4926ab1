"""Povod: a reason to write."""

__version__ = "0.1.0"
