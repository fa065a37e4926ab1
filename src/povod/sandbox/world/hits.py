"""One document of a search answer, with the untidiness of the real ones (Y59)."""

import re
from xml.sax.saxutils import escape

from povod.sandbox.seeded import code, draw
from povod.sandbox.world.cities import CITIES
from povod.sandbox.world.hosts import AGGREGATORS
from povod.sandbox.world.model import Hit, Site

_SHAPES = (
    "{scheme}://{host}/",
    "{scheme}://www.{host}/",
    "{scheme}://{host}/uslugi/?utm_source=yandex&utm_medium=organic",
    "{scheme}://{host}/",
    "{scheme}://{upper}/",
    "{scheme}://{host}:{port}/kontakty",
    "http://{host}/",
    "{scheme}://{host}/o-kompanii?etext=2202.q1w2&yclid=1844",
    "{scheme}://www.{host}/uslugi",
    "{scheme}://{host}/index.php#top",
)
_DROPPABLE = ("title", "modtime", "size", "charset", "lang", "passages", "mime-type", "domain")
_DROP_SHARE = 0.03
_STEM_LENGTH = 5
_CATALOGUE_TITLES = (
    "{query} — цены, отзывы, адреса на карте",
    "Топ-20: {query} | рейтинг и отзывы",
    "{query}: купить, заказать, сравнить",
)


def hits_of(seed: int, site: Site, words: list[str]) -> list[Hit]:
    """The main hit of a site, and one for each subdomain of the same firm."""
    return [_site_hit(seed, site, host, words) for host in (site.host, *site.aliases)]


def second_hit(seed: int, site: Site, words: list[str]) -> Hit:
    """A further page of a site that was already found."""
    return _site_hit(seed, site, site.host, words, path="/uslugi?yclid=771")


def aggregator_hit(seed: int, words: list[str], place: int) -> Hit:
    """A catalogue that is on the list of excluded hosts (L47)."""
    chance = draw(seed, "aggregator", place, *words)
    start = int(draw(seed, *words) * len(AGGREGATORS))
    turn, number = divmod(start + place // 4, len(AGGREGATORS))
    city = CITIES[turn % len(CITIES)].latin
    host = f"{city}.{AGGREGATORS[number]}" if chance < 0.5 else AGGREGATORS[number]
    title = _CATALOGUE_TITLES[place % len(_CATALOGUE_TITLES)].format(query=" ".join(words))
    url = f"https://{host}/search?q={code(*words, length=6)}&page={place}"
    passages = [f"Сравните предложения: {' '.join(words)}. Отзывы и телефоны."]
    return _hit(seed, url, host, title, passages, words)


def broken_hit(seed: int, site: Site, words: list[str]) -> Hit:
    """A document whose address no parser takes."""
    url = f"http://{site.host}:99999x/"
    return _hit(seed, url, site.host, site.title, [site.snippet], words)


def highlight(text: str, words: list[str], *, whole: bool) -> str:
    """Escaped text with the query's words marked: whole words, or only their beginnings."""
    stems = {word[:_STEM_LENGTH] for word in words if len(word) > 3}
    if not stems:
        return escape(text)
    tail = r"\w*" if whole else ""
    pattern = "|".join(re.escape(stem) for stem in sorted(stems))
    pieces = re.split(rf"(\b(?:{pattern}){tail})", text, flags=re.IGNORECASE)
    return "".join(
        f"<hlword>{escape(piece)}</hlword>" if odd % 2 else escape(piece)
        for odd, piece in enumerate(pieces)
    )


def _site_hit(seed: int, site: Site, host: str, words: list[str], path: str = "") -> Hit:
    scheme = "https" if site.https else "http"
    shown = _shown_host(seed, host, words)
    shape = "{scheme}://{host}" + path if path else _SHAPES[_number(seed, host, words)]
    url = shape.format(
        scheme=scheme, host=shown, upper=shown.upper(), port=443 if site.https else 80
    )
    domain = f"www.{host}" if "://www." in url else host
    return _hit(seed, url, domain, site.title, [site.snippet, *site.facts.strengths[:1]], words)


def _hit(
    seed: int, url: str, domain: str, title: str, passages: list[str], words: list[str]
) -> Hit:
    key = (seed, url, *words)
    chance = draw("hit", *key)
    day, month = 1 + int(chance * 28), 1 + int(chance * 97) % 12
    owner = domain.removeprefix("www.")
    return Hit(
        url=url,
        domain=domain,
        title_xml=highlight(title, words, whole=chance < 0.5),
        passages_xml=[highlight(text, words, whole=chance >= 0.5) for text in passages],
        headline_xml=highlight(passages[0][:120], words, whole=True) if chance < 0.3 else "",
        modtime=f"2026{month:02d}{day:02d}T{int(chance * 24):02d}1500",
        size=4_000 + int(chance * 60_000),
        charset="windows-1251" if chance < 0.1 else "utf-8",
        lang="ru",
        doc_id="Z" + code(*key, length=16).upper(),
        group_name=f"UngroupVital223.{owner}" if chance > 0.95 else owner,
        doc_count=1 + int(chance * 40),
        drop=_dropped(*key),
    )


def _dropped(*key: object) -> frozenset[str]:
    chance = draw("drop", *key) / _DROP_SHARE
    return frozenset({_DROPPABLE[int(chance * len(_DROPPABLE))]} if chance < 1 else ())


def _shown_host(seed: int, host: str, words: list[str]) -> str:
    """An IDN host in Cyrillic for half of the queries."""
    if host.startswith("xn--") and draw(seed, "idn", host, *words) < 0.5:
        return host.encode("ascii").decode("idna")
    return host


def _number(seed: int, host: str, words: list[str]) -> int:
    return int(draw(seed, "shape", host, *words) * len(_SHAPES))
