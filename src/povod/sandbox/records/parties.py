"""Invented companies and traders behind any valid INN, and a few that stand for a case."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from povod.kit.errors import InputError
from povod.kit.inn import inn_with_check, is_valid_inn
from povod.sandbox.world import names
from povod.sandbox.world.model import World

_OKVED = ("41.20", "47.19", "62.01", "69.20.1", "86.21", "56.10", "49.41", "85.41", "96.02")
_POSTS = ("Генеральный директор", "Директор", "Председатель правления")
_START = datetime(2004, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """One entry of the register."""

    inn: str
    name: str
    full_name: str
    kind: str
    ogrn: str
    kpp: str
    okved: str
    director: str
    post: str
    status: str
    registered: datetime
    address: str


def _special(number: int) -> str:
    return inn_with_check(f"99{number:02}12345")


SPECIAL = {
    "found": _special(1),
    "liquidated": _special(2),
    "liquidating": _special(3),
    "bankrupt": _special(4),
    "reorganizing": _special(5),
    "empty": _special(6),
}
"""INNs with a fate; `empty` is valid and unknown. Any other valid INN is found and active."""


class Parties:
    """The register; companies of the world stand in it under their own names."""

    def __init__(self, world: World) -> None:
        self._sites = {site.inn: site for site in world.sites}
        self._planted: dict[str, dict[str, Any]] = {}

    def plant(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Change what the register says of an INN: `{"inn", "name"?, "status"?, "okved"?, ...}`;
        `{"inn", "empty": true}` makes it unknown."""
        inn = str(spec.get("inn", ""))
        if not is_valid_inn(inn):
            raise InputError(f"inn: {inn!r} is not a valid INN")
        known = {*Record.__dataclass_fields__, "empty"} - {"registered"}
        strange = set(spec) - known
        if strange:
            raise InputError(f"party: unknown {sorted(strange)}; known are {sorted(known)}")
        self._planted[inn] = spec
        return spec

    def clear(self) -> None:
        """Forget what was planted."""
        self._planted.clear()

    def find(self, inn: str) -> Record | None:
        """The entry of an INN; `None` when there is none or the number is wrong."""
        planted = self._planted.get(inn, {})
        if not is_valid_inn(inn) or planted.get("empty"):
            return None
        if inn == SPECIAL["empty"] and not planted:
            return None
        return _made(inn, self._sites.get(inn), planted)


def _made(inn: str, site: Any, planted: dict[str, Any]) -> Record:
    rng = Random(f"party {inn}")
    individual = len(inn) == 12
    person = names.person(rng)
    brand, _ = names.brand(rng)
    name = f"ИП {person}" if individual else f"ООО «{brand}»"
    ogrn = names.ogrn(rng, inn[:2], entrepreneur=individual)
    director = person
    if site is not None:
        name, ogrn, director = site.legal_name, site.requisites.ogrn, site.requisites.director
    return Record(
        inn=inn,
        name=planted.get("name", name),
        full_name=planted.get("full_name", _full(planted.get("name", name))),
        kind="INDIVIDUAL" if individual else "LEGAL",
        ogrn=planted.get("ogrn", ogrn),
        kpp="" if individual else planted.get("kpp", names.kpp(inn)),
        okved=planted.get("okved", rng.choice(_OKVED)),
        director="" if individual else planted.get("director", director),
        post="" if individual else planted.get("post", rng.choice(_POSTS)),
        status=planted.get("status", _status(inn)),
        registered=_START + timedelta(days=rng.randrange(6000)),
        address=planted.get("address", f"г Москва, ул Учебная, д {rng.randrange(1, 90)}"),
    )


def _status(inn: str) -> str:
    fate = next((word for word, number in SPECIAL.items() if number == inn), "found")
    return "ACTIVE" if fate in {"found", "empty"} else fate.upper()


def _full(name: str) -> str:
    forms = {"ООО": "Общество с ограниченной ответственностью", "ИП": "Индивидуальный "
             "предприниматель", "АО": "Акционерное общество"}  # fmt: skip
    form, _, rest = name.partition(" ")
    return f"{forms[form]} {rest}" if form in forms else name
