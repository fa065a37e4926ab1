"""Clients from tables: what the columns mean, what the cells mean, whom a row means (G11-G17)."""
