"""Fetching one address: guarded fetchers with caps, the only place of the house that loads pages.

Import the modules themselves: `request` and `result` say what goes in and out, `build` makes the
fetchers that the settings ask for.
"""
