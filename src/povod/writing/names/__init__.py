"""Names of people: their form, parts, gender, address and cases (G64-G68)."""

from povod.writing.names.address import address_line, address_name, salutation
from povod.writing.names.decline import decline
from povod.writing.names.gender import Gender, gender_of, gender_with_source
from povod.writing.names.normal import normalize_name
from povod.writing.names.split import FullName, split_name

__all__ = [
    "FullName",
    "Gender",
    "address_line",
    "address_name",
    "decline",
    "gender_of",
    "gender_with_source",
    "normalize_name",
    "salutation",
    "split_name",
]
