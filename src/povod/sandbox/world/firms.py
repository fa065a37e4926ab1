"""One invented firm: its name, host, numbers, facts and the addresses its site shows."""

from dataclasses import dataclass
from random import Random

from povod.sandbox.world import names
from povod.sandbox.world.cities import STREETS, City
from povod.sandbox.world.hosts import PLATFORM, ascii_host
from povod.sandbox.world.model import Address, Facts, Requisites, Service, Site
from povod.sandbox.world.niches import STRENGTHS, Niche
from povod.sandbox.world.recipes import STUDIOS, Recipe

THIS_YEAR = 2026
"""The year the pages were written in: «лет на рынке» counts to it."""

_HOST_SHAPES = (
    "{latin}-{stem}.ru", "{latin}-{stem}-{city}.ru", "{stem}-{latin}.ru", "{latin}{stem}.ru",
    "{latin}-{city}.ru", "{latin}-{stem}.com", "{stem}-{latin}-{city}.ru", "{latin}-{stem}.su",
)  # fmt: skip
_TITLES = (
    "{label} «{brand}» в {at} — цены и запись",
    "{brand} | {label} в {at}",
    "«{brand}» — {activity}, {city}",
    "{label} в {at}: {legal}",
)


@dataclass(frozen=True, slots=True)
class Trade:
    """What a firm does and where."""

    niche: Niche
    city: City

    @property
    def key(self) -> str:
        """Short text that tells trades apart."""
        return f"{self.niche.stem} {self.city.latin}"


@dataclass(frozen=True, slots=True)
class Name:
    """A brand in both writings."""

    russian: str
    latin: str


def make_name(rng: Random) -> Name:
    """A fresh invented brand."""
    return Name(*names.brand(rng))


def make_host(rng: Random, name: Name, trade: Trade, kind: str = "plain") -> str:
    """A host for the firm as an A-label: a plain one, one in .рф, or one on a site platform."""
    if kind == "idn":
        return ascii_host(f"{name.russian.lower()}-{trade.city.name.lower()}.рф")
    if kind == "platform":
        return f"{name.latin}-{trade.niche.stem}-{trade.city.latin}.{PLATFORM}"
    shape = rng.choice(_HOST_SHAPES)
    return shape.format(latin=name.latin, stem=trade.niche.stem, city=trade.city.latin)


def make_site(index: int, rng: Random, recipe: Recipe, trade: Trade, name: Name, host: str) -> Site:
    """A whole site by its recipe, call-centre phone and duplicates aside."""
    requisites = _requisites(rng, recipe, trade.city, name)
    site = Site(
        index=index,
        host=host,
        brand=name.russian,
        niche=trade.niche.name,
        city=trade.city.name,
        region_lr=trade.city.lr,
        title=make_title(index, name.russian, requisites.legal_name, trade),
        snippet="",
        requisites=requisites,
        facts=_facts(rng, trade),
        street=f"{rng.choice(STREETS)}, {rng.randrange(1, 140)}",
        emails=_emails(recipe, name, trade, host),
        phones=_phones(rng, trade.city),
        look=recipe.look,
        trouble=recipe.trouble,
        studio=None if recipe.studio is None else STUDIOS[recipe.studio],
        aliases=(f"{trade.city.latin}.{host}",) if recipe.subdomain else (),
    )
    site.snippet = make_snippet(site.facts)
    return site


def make_title(index: int, brand: str, legal_name: str, trade: Trade) -> str:
    """A page title in one of several fashions."""
    return _TITLES[index % len(_TITLES)].format(
        label=trade.niche.label,
        brand=brand,
        at=trade.city.at,
        city=trade.city.name,
        activity=trade.niche.activity,
        legal=legal_name,
    )


def make_snippet(facts: Facts) -> str:
    """What a search shows of the home page."""
    first, second, *_ = facts.services
    return (
        f"{facts.activity.capitalize()} с {facts.founded} года. {first.name} от {first.price} "
        f"рублей, {second.name.lower()} от {second.price} рублей. {facts.strengths[0]}."
    )


def _requisites(rng: Random, recipe: Recipe, city: City, name: Name) -> Requisites:
    person = names.person(rng)
    region = city.inn_region
    if recipe.entrepreneur:
        inn = names.person_inn(rng, region)
        number = names.ogrn(rng, region, entrepreneur=True)
        return Requisites(f"ИП {person}", inn, number, None, person)
    inn = names.company_inn(rng, region)
    second = names.company_inn(rng, region) if recipe.two_inns else None
    number = names.ogrn(rng, region)
    return Requisites(f"ООО «{name.russian}»", inn, number, names.kpp(inn), person, second)


def _facts(rng: Random, trade: Trade) -> Facts:
    founded = rng.randrange(1994, 2023)
    chosen = rng.sample(trade.niche.services, 4)
    return Facts(
        founded=founded,
        years=THIS_YEAR - founded,
        clients=rng.randrange(3, 90) * 100,
        branches=rng.choice((1, 1, 1, 2, 3, 5)),
        activity=trade.niche.activity,
        strengths=tuple(rng.sample(STRENGTHS, 3)),
        services=tuple(
            Service(name, price + price * rng.randrange(9) // 20) for name, price in chosen
        ),
    )


def _emails(recipe: Recipe, name: Name, trade: Trade, host: str) -> tuple[Address, ...]:
    public = f"{name.latin}.{trade.niche.stem}.{trade.city.latin}"
    return tuple(
        Address(
            local.replace("{brand}", public) if "@" in local else f"{local}@{host}",
            shown,
        )
        for local, shown in recipe.mail
    )


def _phones(rng: Random, city: City) -> tuple[str, ...]:
    phones = (names.landline(rng, city),)
    return (*phones, names.mobile(rng)) if rng.random() < 0.35 else phones
