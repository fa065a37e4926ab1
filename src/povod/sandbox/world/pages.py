"""The pages of a company site, made when they are asked for."""

import json
from collections.abc import Callable

from povod.sandbox.world.blocks import (
    contacts_block,
    footer_block,
    header_block,
    injection_block,
    requisites_block,
)
from povod.sandbox.world.cities import BY_NAME
from povod.sandbox.world.model import Place, Site, Trouble
from povod.sandbox.world.niches import NICHES, Niche

_NICHES: dict[str, Niche] = {niche.name: niche for niche in NICHES}

_SHELL = (
    '<!doctype html><html><head><title>{title}</title><script src="/app.js"></script></head>'
    '<body><div id="root"></div><script>window.__STATE__={{"page":"home"}};</script></body></html>'
)
_PARKING = (
    "<!doctype html><html><head><title>Домен продаётся</title></head><body>"
    "<h1>Этот домен продаётся</h1><p>Домен припаркован у регистратора. The domain is for sale.</p>"
    "<p>Купить домен: sale@parkovka-domenov.ru</p></body></html>"
)
_AGGREGATOR = (
    "<!doctype html><html><head><title>Каталог компаний</title></head><body>"
    "<h1>Каталог компаний и отзывов</h1><p>Поддержка: help@{host}</p></body></html>"
)


def paths_of(site: Site) -> list[str]:
    """Paths that answer with a page."""
    return [path for path in _PAGES if path != "/rekvizity" or _has_requisites_page(site)]


def render(site: Site, path: str) -> str | None:
    """HTML of one page of a site; `None` when there is no such page."""
    if site.trouble is Trouble.EMPTY:
        return ""
    if site.trouble is Trouble.SPA:
        return _SHELL.format(title=site.title)
    path = path.rstrip("/") or "/"
    if path not in paths_of(site):
        return None
    return _document(site, path, _PAGES[path](site))


def render_bystander(host: str, *, parking: bool) -> str:
    """The page of a parking service, an aggregator or a studio."""
    return _PARKING if parking else _AGGREGATOR.format(host=host)


def json_ld_of(site: Site) -> str:
    """The schema.org block of a site that has one."""
    data = {
        "@context": "https://schema.org",
        "@type": "LocalBusiness",
        "name": site.brand,
        "url": f"https://{site.host}/",
        "telephone": list(site.phones),
        "email": site.best_email,
        "taxID": site.inn if site.look.requisites_in else None,
        "address": {
            "@type": "PostalAddress",
            "addressLocality": site.city,
            "streetAddress": site.street,
        },
    }
    shown = {key: value for key, value in data.items() if value}
    return f'<script type="application/ld+json">{json.dumps(shown, ensure_ascii=False)}</script>'


def _document(site: Site, path: str, body: str) -> str:
    look = site.look
    meta = f'<meta charset="{look.meta_charset}">' if look.meta_charset else ""
    og = f'<meta property="og:site_name" content="{site.brand}">' if site.index % 2 else ""
    structured = json_ld_of(site) if look.json_ld else ""
    title = site.title if path == "/" else f"{_HEADINGS[path]} — {site.brand}"
    return (
        f'<!doctype html><html lang="ru"><head>{meta}<title>{title}</title>'
        f'<meta name="description" content="{site.snippet}">{og}{structured}'
        "<style>body{font:16px sans-serif}</style></head><body>"
        f"{header_block(site, _menu(site))}<main>{body}</main>{footer_block(site)}</body></html>"
    )


def _menu(site: Site) -> str:
    links = [f'<a href="{path}">{_HEADINGS[path]}</a>' for path in paths_of(site)]
    return f"<nav>{' '.join(links)}</nav>"


def _home(site: Site) -> str:
    facts = site.facts
    city = BY_NAME[site.city]
    niche = _NICHES[site.niche]
    strengths = "".join(f"<li>{text}</li>" for text in facts.strengths)
    branches = f"<p>{_branches(facts.branches)} в городе {site.city}.</p>" * (facts.branches > 1)
    return (
        f"<h1>{niche.label} «{site.brand}» в {city.at}</h1>"
        f"<p>Наша компания — это {facts.activity}. Работаем с {facts.founded} года, "
        f"{_years(facts.years)} на рынке. За это время нам доверились более {facts.clients} "
        f"{niche.client}.</p>{branches}"
        f"{injection_block(site)}"
        f"<h2>Услуги</h2>{_price_list(site)}"
        f"<h2>Почему выбирают нас</h2><ul>{strengths}</ul>"
        f"<h2>Как мы работаем</h2><p>Оставьте заявку, и мы ответим в течение рабочего дня. "
        f"Приезжайте: {site.city}, {site.street}.</p>"
        f"<p>Подробности на странице <a href='/kontakty'>контактов</a>.</p>"
    )


def _services(site: Site) -> str:
    return f"<h1>Услуги и цены</h1><h2>Услуги</h2>{_price_list(site)}<p>Цены не оферта.</p>"


def _about(site: Site) -> str:
    facts = site.facts
    contacts = contacts_block(site) if site.look.place is Place.ABOUT else ""
    return (
        f"<h1>О компании «{site.brand}»</h1><p>Мы начали в {facts.founded} году. Сегодня это "
        f"{facts.activity}. {facts.strengths[-1]}.</p>"
        f"<p>Среди наших клиентов жители города {site.city} и области.</p>{contacts}"
    )


def _contacts(site: Site) -> str:
    shown = site.look.place in {Place.CONTACTS, Place.EVERYWHERE}
    requisites = requisites_block(site) if site.look.requisites_in is Place.CONTACTS else ""
    where = f"<p>Адрес: г. {site.city}, {site.street}. Ежедневно с 9:00 до 20:00.</p>"
    form = '<form action="/send"><input name="phone" placeholder="Телефон"></form>'
    return f"<h1>Контакты</h1>{where}{contacts_block(site) if shown else ''}{requisites}{form}"


def _requisites(site: Site) -> str:
    return f"<h1>Реквизиты</h1>{requisites_block(site)}"


def _policy(site: Site) -> str:
    return (
        "<h1>Политика обработки персональных данных</h1><p>Мы храним данные столько, сколько "
        f"нужно для ответа на заявку. Оператор: владелец сайта {site.host}.</p>"
    )


def _price_list(site: Site) -> str:
    items = (f"<li>{item.name} — от {item.price} руб.</li>" for item in site.facts.services)
    return f"<ul>{''.join(items)}</ul>"


def _has_requisites_page(site: Site) -> bool:
    return site.look.requisites_in is Place.REQUISITES


def _years(count: int) -> str:
    return f"{count} {_plural(count, 'год', 'года', 'лет')}"


def _branches(count: int) -> str:
    return f"{count} {_plural(count, 'филиал', 'филиала', 'филиалов')}"


def _plural(count: int, one: str, few: str, many: str) -> str:
    if count % 10 == 1 and count % 100 != 11:
        return one
    return few if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14} else many


_PAGES: dict[str, Callable[[Site], str]] = {
    "/": _home,
    "/uslugi": _services,
    "/o-kompanii": _about,
    "/kontakty": _contacts,
    "/rekvizity": _requisites,
    "/politika": _policy,
}
_HEADINGS = {
    "/": "Главная",
    "/uslugi": "Услуги",
    "/o-kompanii": "О компании",
    "/kontakty": "Контакты",
    "/rekvizity": "Реквизиты",
    "/politika": "Политика",
}
