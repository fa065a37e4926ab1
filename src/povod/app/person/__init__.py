"""What is kept about a person: shown to them, and forgotten when they ask (D101)."""

from povod.app.person.service import Forgotten, Outline, PersonalData

__all__ = ["Forgotten", "Outline", "PersonalData"]
