"""Greeting texts: facts, occasion, catalogue of variants, choice and rendering (G55-G63).

Import from the modules: `facts`, `catalogue`, `choice`, `render`, `compose`, `occasion`.
"""
