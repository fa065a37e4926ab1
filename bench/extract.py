"""Contacts and page text of 50 KB pages per second and core, beside BeautifulSoup with regexes.

The pages are made here, each of another company: half style, script and drawing, some 300
elements, a menu, services, prices, a footer with requisites, an address in disguise. The reference
takes two passes, as such scripts do: one for links, JSON-LD and two regular expressions over the
text, one for the text that a reader sees. Numbers are remembered between pages by the product, so
every round gets pages that it has not seen.

Run: python bench/extract.py [--quick]. The last line is one JSON object; the exit status is 0 only
when both bars hold: 1000 pages per second and core, and 10 times the reference.
"""

import argparse
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from bs4 import BeautifulSoup

from povod.crawl.extract.contacts.collect import Collector
from povod.crawl.extract.page import extract_page
from povod.crawl.extract.parsed import ParsedPage
from povod.crawl.extract.text import EXCERPT_LENGTH
from povod.kit.inn import is_valid_inn

PAGE_BYTES = 50_000
BAR_RATE = 1000
BAR_RATIO = 10
ROUNDS = 3

_TEXT = (
    "установка окон балкон под ключ компания заказ монтаж гарантия качество сервис клиент доставка "
    "цена профиль замер производство остекление ремонт дом квартира офис мастер срок договор"
)
_WORDS = _TEXT.split()
_EMAIL = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
_PHONE = re.compile(r"(?:\+7|8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}")


class Page(NamedTuple):
    """A page as fetched, its address, and the contacts planted in it."""

    html: bytes
    url: str
    planted: frozenset[str]


def make_page(seed: int) -> Page:
    """One company's home page; every page has numbers and addresses of its own."""
    rnd = random.Random(seed)
    domain = f"firma{seed}.ru"
    phone, mobile = f"495{rnd.randrange(10**7):07}", f"916{rnd.randrange(10**7):07}"
    planted = {f"info@{domain}", f"sales@{domain}", f"+7{phone}", f"+7{mobile}"}
    body = "".join((_menu(rnd), _services(rnd), _prices(rnd), _footer(rnd, domain, phone, mobile)))
    head = _head(domain, phone)
    filler = _script(PAGE_BYTES - len((head + body).encode()) - 60)
    html = f"<!doctype html><html lang=ru>{head}<body>{body}<script>{filler}</script></body></html>"
    return Page(html.encode(), f"https://{domain}/", frozenset(planted))


def _head(domain: str, phone: str) -> str:
    organisation = {
        "@context": "https://schema.org",
        "@type": "LocalBusiness",
        "name": "Окна и двери",
        "email": f"info@{domain}",
        "telephone": f"+7{phone}",
        "address": {"@type": "PostalAddress", "addressLocality": "Казань"},
    }
    style = "".join(f".block-{n}{{margin:0 auto;padding:{n}px;color:#333}}" for n in range(120))
    return (
        f"<head><meta charset=utf-8><title>Окна в Казани</title><style>{style}</style>"
        '<meta name=description content="Пластиковые окна под ключ">'
        f'<script type="application/ld+json">{json.dumps(organisation)}</script></head>'
    )


def _menu(rnd: random.Random) -> str:
    items = "".join(
        f'<li class="menu__item menu__item--level-1"><a class="menu__link" href="/uslugi/{n}/">'
        f"{_text(rnd, 2)}</a></li>"
        for n in range(40)
    )
    return f'<header class="header"><nav class="menu"><ul>{items}</ul></nav></header>'


def _services(rnd: random.Random) -> str:
    icon = "M" + " ".join(f"{rnd.randrange(24)}.{rnd.randrange(99)}" for _ in range(60))
    return "<h1>Пластиковые окна</h1>" + "".join(
        f'<section class="service service--{n}"><svg viewBox="0 0 24 24"><path d="{icon}"/></svg>'
        f'<h2 class="service__title">{_text(rnd, 4)}</h2><p class="service__text">{_text(rnd, 22)}'
        f'</p><a class="button button--small" href="/uslugi/{n}/">Подробнее</a></section>'
        for n in range(20)
    )


def _prices(rnd: random.Random) -> str:
    rows = "".join(
        f'<tr class="price__row"><td>{_text(rnd, 3)}</td><td>{rnd.randrange(1, 90)} 990</td>'
        "<td>₽</td></tr>"
        for _ in range(25)
    )
    return f'<table class="price">{rows}</table>'


def _footer(rnd: random.Random, domain: str, phone: str, mobile: str) -> str:
    shown = f"+7 ({phone[:3]}) {phone[3:6]}-{phone[6:8]}-{phone[8:]}"
    return (
        f'<footer><a href="tel:+7{phone}">{shown}</a><p>Мобильный: 8 {mobile[:3]} {mobile[3:6]}-'
        f'{mobile[6:8]}-{mobile[8:]}</p><a href="mailto:info@{domain}">info@{domain}</a>'
        f"<p>Отдел продаж: sales (собака) {domain}</p><p>ООО «Окна {rnd.randrange(10**6)}»</p>"
        f'<p>ИНН {_inn(rnd)}, р/с 40702810900000012345</p><a href="https://t.me/okna">Телеграм</a>'
        "</footer>"
    )


def _inn(rnd: random.Random) -> str:
    head = f"77{rnd.randrange(10**7):07}"
    return next(f"{head}{last}" for last in range(10) if is_valid_inn(f"{head}{last}"))


def _text(rnd: random.Random, words: int) -> str:
    return " ".join(rnd.choices(_WORDS, k=words)).capitalize()


def _script(size: int) -> str:
    line = "window.counters.push({id:12345,clickmap:true,trackLinks:true,accurate:true});\n"
    return (line * (size // len(line) + 1))[: max(size, 0)]


def povod_contacts(page: Page) -> tuple[set[str], str]:
    """Contacts and the home page's excerpt."""
    parsed = ParsedPage(page.html, page.url)
    found = {contact.value for contact in Collector(parsed).collect()}
    return found, parsed.text[:EXCERPT_LENGTH]


def povod_page(page: Page) -> tuple[set[str], str]:
    """All the pipeline takes from a page: also links, requisites and facts."""
    facts = extract_page(page.html, page.url)
    return {contact.value for contact in facts.contacts}, facts.excerpt


def soup_pages(page: Page) -> tuple[set[str], str]:
    """The usual two passes over the page, with BeautifulSoup's faster parser."""
    return soup_contacts(page.html), soup_excerpt(page.html)


def soup_contacts(html: bytes) -> set[str]:
    """Links, JSON-LD, and regular expressions over the text."""
    soup = BeautifulSoup(html, "lxml")
    found: set[str] = set()
    for script in soup.find_all("script", type="application/ld+json"):
        data = json.loads(script.string or "{}")
        found.update({data.get("email", ""), data.get("telephone", "")})
    for link in soup.find_all("a", href=True):
        scheme, _, value = str(link["href"]).partition(":")
        if scheme in ("mailto", "tel"):
            found.add(value)
    text = soup.get_text("\n")
    found.update(_EMAIL.findall(text))
    found.update("+7" + re.sub(r"\D", "", number)[1:] for number in _PHONE.findall(text))
    return found


def soup_excerpt(html: bytes) -> str:
    """The text a reader sees."""
    soup = BeautifulSoup(html, "lxml")
    for tag in soup(["script", "style", "noscript", "template"]):
        tag.decompose()
    for tag in soup.select('[hidden], [aria-hidden="true"]'):
        tag.decompose()
    return "\n".join(soup.stripped_strings)[:EXCERPT_LENGTH]


Reader = Callable[[Page], tuple[set[str], str]]
READERS: dict[str, Reader] = {
    "povod: contacts and excerpt": povod_contacts,
    "povod: whole page": povod_page,
    "BeautifulSoup and regexes": soup_pages,
}


def rate(read: Reader, pages: list[Page]) -> tuple[float, float]:
    """Pages per second of processor time, and the share of planted contacts that came out."""
    found = 0
    started = time.process_time()
    for page in pages:
        values, _ = read(page)
        found += len(values & page.planted)
    seconds = time.process_time() - started
    return len(pages) / seconds, found / sum(len(page.planted) for page in pages)


def measure(pages_per_round: int) -> dict[str, tuple[float, float]]:
    """Medians of the interleaved rounds; every reader gets new pages in every round."""
    for name, read in READERS.items():
        rate(read, [make_page(len(name))])  # imports and tables
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in READERS}
    seed = 1000
    for _ in range(ROUNDS):
        for name, read in READERS.items():
            count = pages_per_round // (8 if "Soup" in name else 1)
            pages = [make_page(seed + number) for number in range(count)]
            seed += count
            results[name].append(rate(read, pages))
    return {
        name: (
            statistics.median(speed for speed, _ in rounds),
            statistics.median(share for _, share in rounds),
        )
        for name, rounds in results.items()
    }


def main() -> int:
    """Measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pages")
    arguments = parser.parse_args()
    results = measure(240 if arguments.quick else 1200)
    soup = results["BeautifulSoup and regexes"][0]
    print(f"{'50 KB pages, one core':32}{'pages/s':>10}{'x soup':>9}{'found':>8}")
    for name, (speed, share) in results.items():
        print(f"{name:32}{speed:>10.0f}{speed / soup:>9.1f}{share:>8.1%}")
    speed = results["povod: contacts and excerpt"][0]
    distance = speed / BAR_RATE - 1
    print(f"bar {BAR_RATE} pages/s: {'reached' if distance >= 0 else 'short'}, {distance:+.0%}")
    ok = speed >= BAR_RATE and speed >= BAR_RATIO * soup
    summary = {
        "bench": "extract",
        "pages_per_s": round(speed),
        "whole_page_per_s": round(results["povod: whole page"][0]),
        "soup_per_s": round(soup, 1),
        "ratio": round(speed / soup, 1),
        "bar_pages_per_s": BAR_RATE,
        "bar_distance": round(distance, 3),
        "ok": ok,
    }
    print(json.dumps(summary))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
