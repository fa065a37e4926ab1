"""Names for the address book: what the room of texts knows, in the shape that the book asks for."""

from collections.abc import Mapping

from povod.writing import names


class WritingNames:
    """`NameTools` of the book over `povod.writing.names`."""

    def normalize(self, text: str) -> str:
        """The name as it is written."""
        return names.normalize_name(text)

    def split(self, full: str) -> Mapping[str, str]:
        """Its parts."""
        found = names.split_name(full)
        return {
            "first_name": found.first_name,
            "middle_name": found.middle_name,
            "last_name": found.last_name,
            "warning": found.warning or "",
        }

    def gender(self, first: str, middle: str, last: str, given: str | None) -> tuple[str, str]:
        """The gender and by what it was told."""
        found = names.gender_with_source(first, middle, last, given)
        return found.value or "", found.source or ""
