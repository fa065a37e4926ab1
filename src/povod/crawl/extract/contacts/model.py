"""What is found on a page: contacts with the place and the trust they deserve."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["email", "phone", "telegram", "whatsapp", "vk", "address"]
Where = Literal[
    "mailto", "tel", "cloudflare", "json_ld", "microdata", "attribute", "text", "obfuscated", "link"
]
RoleClass = Literal["general", "department", "hr", "personal", "other", "fax"]

EMAIL_QUALITY: dict[Where, float] = {
    "mailto": 1.0,
    "cloudflare": 1.0,
    "json_ld": 0.95,
    "microdata": 0.95,
    "attribute": 0.92,
    "text": 0.8,
    "obfuscated": 0.7,
}
"""Trust in an address by its source (L80)."""

PHONE_QUALITY: dict[Where, float] = {
    "tel": 0.9,
    "json_ld": 0.9,
    "microdata": 0.9,
    "attribute": 0.7,
    "text": 0.6,
}
"""Trust in a number by its source (L80)."""


class Contact(NamedTuple):
    """One way to reach a company, as one page shows it.

    `value` is a lower-case address, an E.164 number (`;ext=` with its extension), or the plain
    address of a profile. `label` is the text a reader sees before it («Отдел продаж»).
    """

    kind: Kind
    value: str
    quality: float
    where: Where
    label: str = ""
    personal: bool = False
    role_class: RoleClass = "other"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A text that looks like an address and is none to write to, with the reason."""

    value: str
    reason: str
