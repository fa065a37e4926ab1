"""Which column is which field: headers in two languages, anywhere in the first rows (G12, G13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from povod.book.clients.fields import FIELDS
from povod.kit.tabular.model import Row, Table, TableError
from povod.kit.text import lookup_key

SEARCHED_ROWS = 10
NAMED_BY = ("first_name", "last_name", "full_name", "company_name")
EXTRA = ("full_name", "basis", "consent_date", "consent_proof", "owner")
"""Columns of a table that are no fields of a client by themselves."""

_WORDS: dict[str, str] = {
    "full_name": "фио|контакт|контактное лицо|клиент|name|full name",
    "first_name": "имя",
    "middle_name": "отчество|patronymic",
    "last_name": "фамилия|surname",
    "company_name": "компания|организация|название компании|company",
    "inn": "инн|inn kpp|инн кпп",
    "position": "должность|title",
    "profession": "профессия|специальность",
    "email": "почта|e mail|эл почта|электронная почта|адрес электронной почты",
    "phone": "телефон|тел|мобильный|мобильный телефон",
    "preferred_channel": "канал|предпочтительный канал",
    "birth_date": "дата рождения|др|день рождения|birthday",
    "gender": "пол",
    "salutation": "обращение",
    "segment": "сегмент|категория",
    "language": "язык",
    "time_zone": "часовой пояс",
    "external_id": "id|код|внешний код|guid",
    "owner": "менеджер|ответственный",
    "basis": "основание|согласие",
    "consent_date": "дата согласия",
    "consent_proof": "документ",
    "do_not_greet": "не поздравлять",
    "last_interaction_summary": "последний контакт|комментарий",
}
KNOWN = frozenset(FIELDS) | frozenset(EXTRA)
MEANINGS = {lookup_key(name): name for name in KNOWN} | {
    lookup_key(word): name for name, words in _WORDS.items() for word in words.split("|")
}
"""Header, however it is spelt → field."""


@dataclass(frozen=True)
class Header:
    """The header row and what its columns mean: place (from 0) → field."""

    row: int
    fields: Mapping[int, str]
    titles: Sequence[str]
    unmapped: Sequence[str] = field(default_factory=list)


def find_header(table: Table, mapping: Mapping[str, str] | None = None) -> Header:
    """The row among the first ten that fits best; `mapping` (title → field) is a person's word.

    `TableError` when no column names anybody.
    """
    candidates = [_read(row, mapping or {}) for row in table.rows[:SEARCHED_ROWS]]
    best = max(candidates, key=lambda header: len(header.fields), default=None)
    if best is None or not set(best.fields.values()) & set(NAMED_BY):
        seen = ", ".join(best.titles[:10]) if best and best.titles else "nothing"
        raise TableError(
            table.name,
            f"no column names a client (имя, фамилия, ФИО or компания); the columns are: {seen}",
            row=best.row if best else 1,
        )
    return best


def _read(row: Row, mapping: Mapping[str, str]) -> Header:
    fields: dict[int, str] = {}
    unmapped: list[str] = []
    for place, title in enumerate(row.cells):
        meaning = mapping.get(title) or MEANINGS.get(lookup_key(title), "")
        if meaning in KNOWN and meaning not in fields.values():
            fields[place] = meaning
        elif title.strip():
            unmapped.append(title)
    return Header(row.number, fields, list(row.cells), unmapped)
