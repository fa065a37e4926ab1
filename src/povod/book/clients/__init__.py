"""Clients: the people (and companies without a person) that are greeted (G4-G10)."""
