"""The mess of the world, in portions of sixty: every sixty sites hold each recipe once.

A recipe says what is special about one site; everything it does not say is usual.
"""

from dataclasses import dataclass, field

from povod.sandbox.world.model import Look, Place, Shown, Studio, Trouble

STUDIOS = (
    Studio("Пиксельмира", "pixelmira-studio.ru", "hello@pixelmira-studio.ru"),
    Studio("Вебтарис", "webtaris.ru", "zakaz@webtaris.ru"),
)

HIDDEN_ORDER = "hidden"
VISIBLE_ORDER = "visible"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one site of sixty is like.

    `mail` lists (local part, way of showing) at the own host, a local part with `@` is a whole
    address; `duplicate` names how the site repeats an earlier firm, `host_kind` how its host is
    made, `studio` is a place in `STUDIOS`.
    """

    mail: tuple[tuple[str, Shown], ...] = (("info", Shown.MAILTO),)
    look: Look = field(default_factory=Look)
    trouble: Trouble = Trouble.NONE
    studio: int | None = None
    host_kind: str = "plain"
    entrepreneur: bool = False
    two_inns: bool = False
    call_centre: bool = False
    subdomain: bool = False
    duplicate: str | None = None
    homonym: bool = False


def _one(local: str, shown: Shown) -> tuple[tuple[str, Shown], ...]:
    return ((local, shown),)


_CP1251 = Look(charset="cp1251", header_charset="windows-1251")
_CP1251_META = Look(charset="cp1251", header_charset=None, meta_charset="windows-1251")
_KOI8 = Look(charset="koi8-r", header_charset="koi8-r", requisites_in=Place.REQUISITES)
_WRONG_CHARSET = Look(charset="cp1251", header_charset="utf-8")
_JSON_LD = Look(json_ld=True, place=Place.CONTACTS)
_CONTACTS = Look(place=Place.CONTACTS)
_EVERYWHERE = Look(place=Place.EVERYWHERE, requisites_in=Place.REQUISITES)

CONTACT_RECIPES: tuple[Recipe, ...] = (
    Recipe(),
    Recipe(_one("zakaz", Shown.MAILTO), _CONTACTS, studio=0),
    Recipe(_one("info", Shown.TEXT), _CP1251, studio=0),
    Recipe(_one("office", Shown.TEXT), _KOI8),
    Recipe(_one("info", Shown.JSON_LD), _JSON_LD),
    Recipe(_one("mail", Shown.CLOUDFLARE), studio=0),
    Recipe(_one("zakaz", Shown.DOG), _EVERYWHERE, studio=0),
    Recipe(_one("info", Shown.FULLWIDTH), _CONTACTS),
    Recipe(_one("hello", Shown.REVERSED)),
    Recipe(_one("info", Shown.SPLIT), _EVERYWHERE),
    Recipe(_one("sales", Shown.SOFT_HYPHEN), studio=0),
    Recipe(_one("info", Shown.ENTITIES), _CP1251_META),
    Recipe(_one("info", Shown.BRACKETS), _CONTACTS),
    Recipe(_one("office", Shown.ATTRIBUTE), Look(requisites_in=Place.FOOTER)),
    Recipe((("info", Shown.MAILTO), ("hr", Shown.TEXT)), _CONTACTS),
    Recipe((("zakaz", Shown.TEXT), ("buh", Shown.MAILTO)), _EVERYWHERE),
    Recipe(_one("info", Shown.MAILTO), Look(decoys=True), studio=1),
    Recipe(_one("{brand}@mail.ru", Shown.MAILTO), entrepreneur=True),
    Recipe(_one("{brand}@yandex.ru", Shown.TEXT), host_kind="platform", entrepreneur=True),
    Recipe(_one("{brand}@bk.ru", Shown.MAILTO), host_kind="idn"),
    Recipe(_one("info", Shown.MAILTO), _WRONG_CHARSET),
    Recipe(_one("info", Shown.MAILTO), Look(place=Place.ABOUT, phones_linked=False)),
    Recipe(_one("zakaz", Shown.MAILTO), Look(injection=HIDDEN_ORDER)),
    Recipe(_one("info", Shown.TEXT), Look(injection=VISIBLE_ORDER)),
    Recipe(_one("info", Shown.MAILTO), _CONTACTS, two_inns=True),
    Recipe(_one("info", Shown.MAILTO), Look(www=True), subdomain=True),
    Recipe(
        _one("zakaz", Shown.TEXT),
        Look(phones_linked=False, requisites_in=None),
        subdomain=True,
        studio=1,
    ),
    Recipe(_one("info", Shown.MAILTO), _EVERYWHERE, call_centre=True),
    Recipe(_one("office", Shown.MAILTO), call_centre=True),
    Recipe((), Look(place=Place.EVERYWHERE), call_centre=True),
    Recipe((), Look(decoys=True, requisites_in=None)),
    Recipe(_one("info", Shown.MAILTO), homonym=True),
    Recipe(_one("mail", Shown.TEXT), _CONTACTS, homonym=True),
    Recipe(_one("info", Shown.MAILTO), trouble=Trouble.HTTP_ONLY),
)

TROUBLE_RECIPES: tuple[Recipe, ...] = tuple(
    Recipe(trouble=trouble)
    for trouble in (
        Trouble.DEAD_DNS, Trouble.PRIVATE_DNS, Trouble.METADATA_DNS, Trouble.ROBOTS_FORBID,
        Trouble.ROBOTS_ERROR, Trouble.FORBIDDEN, Trouble.THROTTLED, Trouble.SLOW,
        Trouble.ENDLESS, Trouble.BOMB, Trouble.EXPIRED_TLS, Trouble.SPA, Trouble.EMPTY,
        Trouble.LOOP, Trouble.PARKED, Trouble.ELSEWHERE,
    )
)  # fmt: skip

DUPLICATE_RECIPES: tuple[Recipe, ...] = tuple(
    Recipe(duplicate=kind)
    for kind in (
        "moved", "legal_form", "typo", "transliteration", "chain", "moved", "legal_form",
        "shared_phone", "second_site", "second_site_phone",
    )
)  # fmt: skip

REDIRECTED = frozenset({"moved", "legal_form", "typo", "transliteration", "chain", "shared_phone"})
"""Kinds of duplicates whose host leads to the firm's main host, which proves them the same."""

PORTION = len(CONTACT_RECIPES) + len(TROUBLE_RECIPES) + len(DUPLICATE_RECIPES)
