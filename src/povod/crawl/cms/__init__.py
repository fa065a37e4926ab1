"""Adapters for the engines that shops run on: one module each, found by evidence (S95, S96)."""
