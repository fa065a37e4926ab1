"""What each fault of S99 is called, in Russian and in English."""

from collections.abc import Mapping
from typing import Literal

from povod.crawl.extract.issues import (
    DESCRIPTION_LONG,
    DESCRIPTION_SHORT,
    SLOW_MS,
    THIN_WORDS,
    TITLE_LONG,
    TITLE_SHORT,
)

Language = Literal["ru", "en"]
_SLOW = SLOW_MS // 1000

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title_missing": ("нет заголовка страницы (title)", "the page has no title"),
    "title_duplicate": ("такой же title у другой страницы", "another page has the same title"),
    "title_long": (
        f"title длиннее {TITLE_LONG} знаков",
        f"the title has more than {TITLE_LONG} characters",
    ),
    "title_short": (
        f"title короче {TITLE_SHORT} знаков",
        f"the title has fewer than {TITLE_SHORT} characters",
    ),
    "description_missing": ("нет описания (meta description)", "the page has no meta description"),
    "description_duplicate": (
        "такое же описание у другой страницы",
        "another page has the same meta description",
    ),
    "description_long": (
        f"описание длиннее {DESCRIPTION_LONG} знаков",
        f"the meta description has more than {DESCRIPTION_LONG} characters",
    ),
    "description_short": (
        f"описание короче {DESCRIPTION_SHORT} знаков",
        f"the meta description has fewer than {DESCRIPTION_SHORT} characters",
    ),
    "h1_missing": ("нет заголовка h1", "the page has no h1"),
    "h1_multiple": ("несколько заголовков h1", "the page has several h1"),
    "noindex": ("страница закрыта от индексации", "the page asks not to be indexed"),
    "robots_blocked_in_map": (
        "адрес из карты сайта закрыт в robots.txt",
        "robots.txt forbids an address of the sitemap",
    ),
    "canonical_missing": ("не указан canonical", "the page names no canonical"),
    "canonical_elsewhere": (
        "canonical ведёт на другую страницу",
        "the canonical is another page",
    ),
    "canonical_chain": (
        "canonical ведёт на страницу, чей canonical ведёт дальше",
        "the canonical is a page whose own canonical leads on",
    ),
    "redirect_in_map": (
        "адрес из карты сайта перенаправляет",
        "an address of the sitemap redirects",
    ),
    "http_4xx_in_map": (
        "адрес из карты сайта отвечает ошибкой 4xx",
        "an address of the sitemap answers 4xx",
    ),
    "http_5xx_in_map": (
        "адрес из карты сайта отвечает ошибкой 5xx",
        "an address of the sitemap answers 5xx",
    ),
    "mixed_link": ("ссылки с https на http", "links lead from https to http"),
    "hreflang_no_return": (
        "перевод из hreflang не ссылается обратно",
        "a translation named by hreflang does not name this page",
    ),
    "jsonld_broken": ("JSON-LD не читается", "JSON-LD cannot be read"),
    "product_no_price": ("у товара нет цены", "the product has no price"),
    "product_no_availability": (
        "у товара не указано наличие",
        "the product does not say if it is in stock",
    ),
    "image_no_alt": ("картинки без alt", "images have no alt"),
    "slow_page": (
        f"страница отвечает дольше {_SLOW} с",
        f"the page takes more than {_SLOW} s",
    ),
    "thin_text": (
        f"меньше {THIN_WORDS} слов текста",
        f"the text has fewer than {THIN_WORDS} words",
    ),
}


def message_of(code: str, language: Language = "ru") -> str:
    """The fault in words."""
    russian, english = _TEXTS[code]
    return english if language == "en" else russian
