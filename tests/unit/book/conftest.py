"""A made-up register of firms in which some stand twice, with the truth about which."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from povod.kit.text import transliterate

CITIES = [
    "Москва",
    "Санкт-Петербург",
    "Казань",
    "Омск",
    "Самара",
    "Ростов-на-Дону",
    "Пермь",
    "Тула",
]
TRADES = ["Стоматология", "Окна", "Клиника", "Автосервис", "Юрист", "Мебель", "Ремонт", "Доставка"]
FIRST = ["Аль", "Бел", "Вел", "Гран", "Дель", "Евро", "Зен", "Инте", "Кон", "Лум", "Мак", "Нор"]
SECOND = ["мар", "тон", "рис", "вест", "град", "дом", "стар", "лайн", "пласт", "сити", "трейд"]
PLAIN = ["Ромашка", "Улыбка", "Мастер", "Вектор", "Гарант", "Стандарт"]
FORMS = ["ООО «{}»", "{}", "АО «{}»", 'ООО "{}"', "{} ООО", "Компания {}"]
STREETS = ["Ленина", "Мира", "Садовая", "Победы", "Гагарина", "Лесная", "Школьная", "Труда"]


@dataclass
class Register:
    """`records` to resolve and `firm`: which firm each record id really is."""

    records: list[dict[str, Any]] = field(default_factory=list)
    firm: dict[str, int] = field(default_factory=dict)

    def true_pairs(self) -> set[tuple[str, str]]:
        groups: dict[int, list[str]] = {}
        for record_id, firm in self.firm.items():
            groups.setdefault(firm, []).append(record_id)
        return {pair for ids in groups.values() for pair in pairs_of(ids)}


def pairs_of(ids: list[str]) -> set[tuple[str, str]]:
    ids = sorted(ids)
    return {(a, b) for place, a in enumerate(ids) for b in ids[place + 1 :]}


def inn(rng: random.Random) -> str:
    head = "7" + "".join(rng.choice("0123456789") for _ in range(8))
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    total = sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True))
    return f"{head}{total % 11 % 10}"


def firm(rng: random.Random, number: int) -> dict[str, Any]:
    roll = rng.random()
    brand = rng.choice(FIRST) + rng.choice(SECOND)
    if roll < 0.08:
        brand = rng.choice(PLAIN)
    elif roll < 0.4:
        brand += " " + rng.choice(SECOND).capitalize()
    elif roll < 0.5:
        brand = f"{rng.choice(TRADES)} {brand}"
    host = f"{transliterate(brand).lower().replace(' ', '-')}{number}.ru"
    street = f"ул. {rng.choice(STREETS)}, д. {rng.randint(1, 180)}"
    return {
        "name": brand,
        "city": rng.choice(CITIES),
        "address": street,
        "phone": f"9{rng.randint(10**8, 10**9 - 1)}" if rng.random() < 0.9 else None,
        "website": host if rng.random() < 0.7 else None,
        "email": f"info@{host}" if rng.random() < 0.5 else f"firm{number}@mail.ru",
        "inn": inn(rng) if rng.random() < 0.3 else None,
    }


def shown_phone(rng: random.Random, phone: str | None) -> str | None:
    if phone is None:
        return None
    a, b, c, d = phone[:3], phone[3:6], phone[6:8], phone[8:]
    shapes = (f"+7 ({a}) {b}-{c}-{d}", f"8{phone}", f"7 {a} {b} {c} {d}", f"8 ({a}) {b}-{c}{d}")
    return rng.choice(shapes)


def typo(rng: random.Random, name: str) -> str:
    place = rng.randrange(1, len(name))
    kind = rng.randrange(3)
    if kind == 0:
        return name[:place] + name[place + 1 :]
    if kind == 1:
        return name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :]
    return name[:place] + rng.choice("аеиорст") + name[place:]


def spoil(rng: random.Random, base: dict[str, Any], number: int) -> dict[str, Any]:
    """The same firm as another source would have it."""
    copy = dict(base)
    kind = rng.choice(["form", "typo", "latin", "site", "sparse", "form", "typo"])
    if kind == "typo":
        copy["name"] = typo(rng, copy["name"])
    elif kind == "latin":
        copy["name"] = transliterate(copy["name"])
    elif kind == "site":
        copy["website"], copy["email"] = f"second{number}.ru", None
    for name, loss in (("website", 0.4), ("email", 0.5), ("inn", 0.5), ("phone", 0.2)):
        if rng.random() < loss:
            copy[name] = None
    if rng.random() < 0.3:
        copy["address"] = None
    return copy


def write_down(rng: random.Random, firm_data: dict[str, Any]) -> dict[str, Any]:
    record = dict(firm_data)
    record["name"] = rng.choice(FORMS).format(record["name"])
    record["phone"] = shown_phone(rng, record["phone"])
    if record["website"] and rng.random() < 0.6:
        record["website"] = rng.choice(
            ["http://www.{}/", "https://{}", "www.{}", "{}/kontakty"]
        ).format(record["website"])
    return record


def make_register(firms: int, seed: int = 1) -> Register:
    rng = random.Random(seed)
    register = Register()
    centre = "8005553535"
    for number in range(firms):
        base = firm(rng, number)
        if rng.random() < 0.01:
            base["phone"] = centre
        copies = [base]
        if rng.random() < 0.2:
            copies += [spoil(rng, base, number * 3 + i) for i in range(rng.choice([1, 1, 2]))]
        for copy in copies:
            record = write_down(rng, copy)
            record["id"] = f"r{len(register.records):06d}"
            register.records.append(record)
            register.firm[record["id"]] = number
    rng.shuffle(register.records)
    return register


@pytest.fixture(scope="session")
def register_of() -> Callable[..., Register]:
    """Make a register of so many firms."""
    return make_register
