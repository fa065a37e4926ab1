"""Invented names, numbers and addresses with valid checksums, drawn from a seeded generator.

Brands are put together from syllables so that a host made from one belongs to nobody real.
"""

from random import Random

from povod.sandbox.world.cities import City

_FIRST = (
    ("вел", "vel"),
    ("ор", "or"),
    ("дар", "dar"),
    ("мир", "mir"),
    ("зар", "zar"),
    ("лин", "lin"),
    ("кре", "kre"),
    ("таль", "tal"),
    ("сев", "sev"),
    ("фор", "for"),
    ("гран", "gran"),
    ("бел", "bel"),
    ("нор", "nor"),
    ("рус", "rus"),
    ("альт", "alt"),
    ("про", "pro"),
    ("стре", "stre"),
    ("юн", "yun"),
    ("хор", "hor"),
    ("май", "may"),
)
_MIDDLE = (
    ("ми", "mi"),
    ("та", "ta"),
    ("ле", "le"),
    ("но", "no"),
    ("ви", "vi"),
    ("ра", "ra"),
    ("ду", "du"),
    ("со", "so"),
    ("ке", "ke"),
    ("ба", "ba"),
    ("зи", "zi"),
    ("го", "go"),
)
_LAST = (
    ("нис", "nis"),
    ("рия", "riya"),
    ("век", "vek"),
    ("дент", "dent"),
    ("лон", "lon"),
    ("мар", "mar"),
    ("тек", "tek"),
    ("стар", "star"),
    ("вита", "vita"),
    ("град", "grad"),
    ("форм", "form"),
    ("лайт", "layt"),
    ("нова", "nova"),
    ("сити", "siti"),
    ("дом", "dom"),
)
_SURNAMES = ("Соколов", "Морозов", "Лебедев", "Егоров", "Никитин", "Фролов", "Зайцев", "Комаров")
_GIVEN = ("Андрей", "Сергей", "Павел", "Игорь", "Дмитрий", "Олег", "Максим", "Роман")
_PATRONYMICS = ("Викторович", "Павлович", "Андреевич", "Ильич", "Сергеевич", "Олегович")

_INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_11 = (7, *_INN_10)
_INN_12 = (3, *_INN_11)


def brand(rng: Random) -> tuple[str, str]:
    """An invented brand: its Russian and its Latin writing."""
    parts = (rng.choice(_FIRST), rng.choice(_MIDDLE), rng.choice(_LAST))
    russian = "".join(part[0] for part in parts)
    return russian[0].upper() + russian[1:], "".join(part[1] for part in parts)


def person(rng: Random) -> str:
    """Surname, given name and patronymic of a man nobody knows."""
    return f"{rng.choice(_SURNAMES)} {rng.choice(_GIVEN)} {rng.choice(_PATRONYMICS)}"


def _check(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def company_inn(rng: Random, region: str) -> str:
    """A ten-digit taxpayer number with a valid check digit."""
    body = f"{region}{rng.randrange(1, 99):02d}{rng.randrange(100_000):05d}"
    return body + _check(body, _INN_10)


def person_inn(rng: Random, region: str) -> str:
    """A twelve-digit taxpayer number with two valid check digits."""
    body = f"{region}{rng.randrange(1, 99):02d}{rng.randrange(1_000_000):06d}"
    body += _check(body, _INN_11)
    return body + _check(body, _INN_12)


def ogrn(rng: Random, region: str, *, entrepreneur: bool = False) -> str:
    """A register number: 13 digits for a company, 15 for an entrepreneur."""
    year = f"{rng.randrange(5, 24):02d}"
    if entrepreneur:
        body = f"3{year}{region}{rng.randrange(10**9):09d}"
        return body + str(int(body) % 13 % 10)
    body = f"1{year}{region}{rng.randrange(10**7):07d}"
    return body + str(int(body) % 11 % 10)


def kpp(inn: str) -> str:
    """The usual registration reason code of a company with this taxpayer number."""
    return f"{inn[:4]}01001"


def landline(rng: Random, city: City) -> str:
    """A city number in E.164; starts with 2, as valid local numbers do."""
    length = 10 - len(city.code)
    return f"+7{city.code}2{rng.randrange(10 ** (length - 1)):0{length - 1}d}"


def mobile(rng: Random) -> str:
    """A mobile number in E.164."""
    return f"+79{rng.choice('0123456')}{rng.randrange(10**8):08d}"


def toll_free(rng: Random) -> str:
    """An 8-800 number in E.164."""
    return f"+7800{rng.randrange(2, 8)}{rng.randrange(10**6):06d}"


def typo(word: str, rng: Random) -> str:
    """The word with two neighbouring letters swapped, never at the start."""
    spots = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
    at = rng.choice(spots)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
