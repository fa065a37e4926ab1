"""One call for all that a crawl of a site wants of a page: kind, product, SEO, texts, signs."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.extract.page_text import text_hash
from povod.crawl.extract.signals import block_phrase, says_not_found, silent_block
from povod.crawl.extract.site_page import (
    EXTRACTOR_VERSION,
    VARIANTS_UNAVAILABLE,
    SitePage,
    extract_site_page,
    with_answer,
    without_answer,
)
from povod.crawl.site_profile import SiteProfile

URL = "https://shop.ru/p/chaynik"
WORDS = (
    "чай", "Чайник", "«Ёлка»", "№ 5", "фарфор", "—", "1 250 руб.", "белый", "объём", "съёмная",
    "крышка", "ОТК", "подъём", "Москва", "и", "с", "доставка", "щётка", "xyz", "вьюга",
)  # fmt: skip
LONG = "Слова о чае и чайниках. " * 60


def page(body: str, *, head: str = "", title: str = "Чайник", **more: Any) -> SitePage:
    html = (
        f'<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>{title}</title>{head}'
        f"</head><body>{body}</body></html>"
    )
    return extract_site_page(html.encode(), "text/html; charset=utf-8", URL, **more)


def script(data: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'


PRODUCT = script({"@type": "Product", "name": "Чайник", "offers": {"price": "1250"}})


def test_a_product_page() -> None:
    found = page("<h1>Чайник</h1>", head=PRODUCT + '<link rel="canonical" href="/p/1">')
    assert found.page_kind == "product"
    assert found.product is not None
    assert found.product.price == Decimal(1250)
    assert (found.title, found.h1, found.canonical) == ("Чайник", "Чайник", "https://shop.ru/p/1")
    assert found.is_structured is True
    assert found.fields == {"name", "price", "currency"}
    assert found.extractor_version == EXTRACTOR_VERSION
    assert len(found.content_hash) == len(found.text_hash) == 64
    full = found.data_full()
    assert full is not None
    assert full["price"] == "1250.00"
    assert json.loads(json.dumps(found.data_seo()))["title"] == "Чайник"


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        (script({"@type": "NewsArticle"}), "<p>Новость</p>", "article"),
        ('<meta property="og:type" content="article">', "<p>Текст</p>", "article"),
        ("", f"<article><h1>Как заварить чай</h1><p>{LONG}</p></article>", "article"),
        ("", "<article><h1>Коротко</h1></article>", "other"),
        (script({"@type": "CollectionPage"}), "<h1>Чай</h1>", "category"),
        (script([{"@type": "Product", "name": n} for n in "абв"]), "<h1>Чай</h1>", "category"),
        ("", "<h1>О компании</h1>", "other"),
        ("", "", "other"),
    ],
)
def test_kinds_of_pages(head: str, body: str, kind: str) -> None:
    found = page(body, head=head)
    assert found.page_kind == kind
    assert found.product is None
    assert found.data_full() is None
    assert found.fields == frozenset()


def test_a_list_of_cards_is_a_category() -> None:
    cards = "".join(
        f'<div><a href="/{n}">Чай</a><b class="price">{n}00 ₽</b></div>' for n in range(1, 9)
    )
    assert page(f"<h1>Чай</h1>{cards}").page_kind == "category"


def test_charsets_give_one_hash_and_one_product() -> None:
    html = (
        '<html><head><meta charset="{}"><title>Чайник</title></head><body><nav>Меню</nav>'
        '<h1>Чайник «Ёлка»</h1><b class="price">1 250 руб</b><button>В корзину</button>'
        f"<p>{LONG}</p></body></html>"
    )
    readings = [
        extract_site_page(html.format(label).encode(codec), header, URL)
        for label, codec, header in [
            ("utf-8", "utf-8", "text/html; charset=utf-8"),
            ("windows-1251", "cp1251", "text/html"),
            ("utf-8", "cp1251", "text/html; charset=utf-8"),
            ("windows-1251", "utf-8", "text/html"),
        ]
    ]
    assert len({reading.text_hash for reading in readings}) == 1
    assert {reading.charset for reading in readings} == {"utf-8", "cp1251"}
    assert len({str(reading.data_full()) for reading in readings}) == 1


def test_what_is_not_the_main_text_does_not_change_its_hash() -> None:
    plain = page(f"<h1>Чайник</h1><p>{LONG}</p>")
    dressed = page(
        f"<header>Шапка 7</header><nav>Меню</nav><h1>Чайник</h1> \n <p>{LONG}</p>"
        "<aside>Сбоку</aside><footer>Подвал</footer><script>x=1</script><style>a{}</style>"
        "<noscript>Нет</noscript><template>т</template><!-- комментарий -->"
    )
    assert plain.text_hash == dressed.text_hash
    assert page(f"<h1>Чайник!</h1><p>{LONG}</p>").text_hash != plain.text_hash


def test_letters_in_two_characters_give_the_same_hash() -> None:
    assert page("<p>чёрный й</p>").text_hash == page("<p>че\u0308рный и\u0306</p>").text_hash


def test_the_hash_of_nothing_is_a_hash() -> None:
    assert page("").text_hash == text_hash("")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="абвгдеёжз АБВ\n\t\u00a0xyz.,!", max_size=120))
def test_blanks_do_not_change_the_hash(text: str) -> None:
    spread = text.replace(" ", " \n  ")
    assert page(f"<p>{text}</p>").text_hash == page(f"<p>\n{spread}\n</p>").text_hash


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=5, max_size=60).map(" ".join))
def test_cp1251_and_utf8_decode_to_one_hash(text: str) -> None:
    html = '<meta charset="{}"><title>Чайник белый фарфоровый</title><p>Слова о чае: {}</p>'
    first = extract_site_page(html.format("utf-8", text).encode(), "text/html", URL)
    second = extract_site_page(html.format("windows-1251", text).encode("cp1251"), "text/html", URL)
    assert first.text_hash == second.text_hash


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_survived(body: bytes) -> None:
    found = extract_site_page(body, "", URL)
    assert found.page_kind in ("product", "category", "article", "other")


@pytest.mark.parametrize("body", [b"", b"<", b"\x00\xff", b"<html>" * 5000, b"{}", b"%PDF-1.4"])
def test_strange_bodies_are_survived(body: bytes) -> None:
    assert extract_site_page(body, "text/html", "no address").product is None


@pytest.mark.parametrize(
    "body",
    [
        '<div id="app"></div>',
        '<div id="root"> <script>x</script></div>',
        '<div id="__next"><noscript>x</noscript></div>',
        '<div id="__nuxt">Загрузка…</div>',
        "<noscript>Включите JavaScript, чтобы открыть магазин.</noscript>",
        "<noscript>Please enable JavaScript to continue.</noscript>",
        "<noscript>You need to enable JavaScript to run this app.</noscript>",
    ],
)
def test_an_empty_shell_needs_a_browser(body: str) -> None:
    assert page(body).needs_js is True


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (f'<div id="app"></div><p>{LONG}</p>', ""),
        ('<div id="app"></div><h1>Чайник</h1>', PRODUCT),
        ("<p>Скоро открытие</p>", ""),
        ('<noscript><img src="//counter.example/1.gif"></noscript><p>Скоро</p>', ""),
        ('<div id="app"><p>Это маленькая, но готовая страница</p></div>', ""),
    ],
)
def test_a_page_with_text_or_data_needs_none(body: str, head: str) -> None:
    assert page(body, head=head).needs_js is False


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Страница не найдена", f"<p>{LONG}</p>"),
        ("Ошибка 404", "<p>Увы</p>"),
        ("Лавка", f"<h1>Товар не найден</h1><p>{LONG}</p>"),
        ("404 Not Found", ""),
        ("Лавка", "<p>Запрашиваемая страница не существует</p>"),
        ("Магазин не найден", ""),
        ("Page not found | Shop", ""),
        ("Shop", "<h1>Product not found</h1>"),
        ("404", ""),
        ("Лавка", "<h1>Раздел не существует</h1>"),
        ("Лавка", "<p>Товар удалён из каталога</p>"),
    ],
)
def test_a_page_that_says_not_found(title: str, body: str) -> None:
    assert page(body, title=title).soft_404 is True


@pytest.mark.parametrize(
    ("title", "body", "head"),
    [
        ("Чайник модель 404", f"<h1>Чайник 404</h1><p>{LONG}</p>", ""),
        ("Чайник", f"<p>Если товар не найден на складе, мы его привезём. {LONG}</p>", ""),
        ("Товар не найден", "<h1>Чайник</h1>", PRODUCT),
        ("Чайник", "", ""),
    ],
)
def test_a_page_that_only_mentions_it(title: str, body: str, head: str) -> None:
    assert page(body, title=title, head=head).soft_404 is False


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Доступ ограничен", f"<p>{LONG * 5}</p>"),
        ("Лавка", "<h1>Вы не робот?</h1>"),
        ("Лавка", "<p>Слишком много запросов с вашего адреса</p>"),
        ("Access denied", ""),
        ("Just a moment", "<p>Checking your browser before accessing</p>"),
        ("Лавка", "<p>Подозрительная активность</p>"),
    ],
)
def test_phrases_of_a_block(title: str, body: str) -> None:
    suspicion = page(body, title=title).suspicion()
    assert suspicion is not None
    assert suspicion.startswith("phrase:")


def test_a_long_page_may_talk_of_blocks() -> None:
    assert page(f"<h1>О роботах</h1><p>Вы не робот? {LONG * 5}</p>").suspicion() is None
    assert block_phrase(None, "") is None


def test_a_structured_product_is_never_suspected() -> None:
    found = page("<p>Подтвердите, что вы не робот</p>", head=PRODUCT)
    assert found.suspicion(known_text_len=10**6, known_fields={"stock"}) is None


def test_an_engine_that_only_guesses_does_not_save_from_suspicion() -> None:
    body = b"<html><title>Shop</title><body>Are you a robot? Verify you are human</body></html>"
    profile = SiteProfile(cms="shopify")
    found = extract_site_page(body, "text/html", "https://shop.ru/products/x", profile)
    assert found.is_structured is False
    assert found.suspicion() is not None


def test_a_bare_page_is_suspected() -> None:
    assert page("<p>Привет</p>", title="").suspicion() == "bare"
    assert page("<h1>Привет</h1>", title="").suspicion() is None


@pytest.mark.parametrize(
    ("known", "fields", "suspicion"),
    [
        (100_000, {"price", "stock"}, "shrunk"),
        (100_000, set(), None),
        (10, {"price"}, None),
        (None, {"price"}, None),
    ],
)
def test_a_page_that_lost_text_and_fields(
    known: int | None, fields: set[str], suspicion: str | None
) -> None:
    assert page("<h1>Чайник</h1>").suspicion(known, fields) == suspicion


def test_a_page_that_lost_only_text_is_fine() -> None:
    assert (
        silent_block(
            phrase=None, text_len=10, has_heading=True, is_structured_product=False,
            fields={"price", "name"}, known_text_len=1000, known_fields={"price"},
        )
        is None
    )  # fmt: skip


def test_nothing_says_nothing() -> None:
    assert says_not_found(None, None, "") is False


def test_of_a_cut_page_missing_fields_were_not_observed() -> None:
    found = page("<h1>Чайник</h1>", head=PRODUCT, truncated=True)
    assert found.truncated is True
    assert {"stock", "variants", "availability"} <= found.not_observed
    assert not {"price", "name"} & found.not_observed
    assert page("<h1>Чайник</h1>", head=PRODUCT).not_observed == frozenset()


INSALES = (
    '<script src="https://static.insales-cdn.com/x.js"></script>'
    '<meta name="page-config" content=\'{"product_id": 7}\'>'
)
ANSWER = {
    "products": [
        {
            "id": 7,
            "variants": [
                {"id": 1, "title": "S", "price": "100", "quantity": 2},
                {"id": 2, "title": "M", "price": "150", "quantity": 3},
            ],
        }
    ]
}


def test_an_answer_to_a_wish_adds_variants() -> None:
    before = page("<h1>Чайник</h1>", head=INSALES + PRODUCT)
    assert before.wants == ["https://shop.ru/products_by_id/7.json"]
    assert before.not_observed == {"variants"}
    after = with_answer(before, before.wants[0], json.dumps(ANSWER).encode())
    assert after.wants == []
    assert after.product is not None
    assert [variant.price for variant in after.product.variants] == [Decimal(100), Decimal(150)]
    assert (after.product.price, after.product.stock) == (Decimal(100), 5)
    assert after.not_observed == frozenset()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"products": []}', b"\xff"])
def test_an_answer_that_is_none_leaves_the_page_with_a_warning(body: bytes) -> None:
    before = page("<h1>Чайник</h1>", head=INSALES + PRODUCT)
    after = with_answer(before, before.wants[0], body)
    assert after.product == before.product
    assert after.warnings == [VARIANTS_UNAVAILABLE]
    assert after.not_observed == {"variants"}
    assert after.wants == []


def test_a_failed_call_is_told_once() -> None:
    before = page("<h1>Чайник</h1>", head=INSALES + PRODUCT)
    after = without_answer(without_answer(before, before.wants[0]), before.wants[0])
    assert after.warnings == [VARIANTS_UNAVAILABLE]


def test_a_page_without_adapter_takes_no_answer() -> None:
    found = page("<h1>Чайник</h1>")
    assert with_answer(found, URL, b"{}") is found


def test_headers_reach_seo_and_detection() -> None:
    headers = {"X-Robots-Tag": "noindex", "Set-Cookie": "BITRIX_SM_GUEST_ID=1; path=/"}
    found = page("<h1>Чайник</h1>", headers=headers)
    assert found.seo.robots == "noindex"
    assert (found.cms, found.cms_confidence) == ("bitrix", 0.7)


def test_a_profile_is_made_of_stored_data() -> None:
    profile = SiteProfile.of_data(
        {"cms": "", "selectors": {"price": ".x"}, "product_patterns": ["/p/*"], "hosts": ["a.ru"]}
    )
    assert profile == SiteProfile(selectors={"price": ".x"}, product_patterns=("/p/*",))
    body = '<h1>Чайник</h1><i class="x">1 250</i>'
    assert page(body, profile=profile).page_kind == "product"


def test_words_are_counted_in_the_main_text() -> None:
    assert page("<nav>раз два</nav><p>три четыре</p>").seo.word_count == 2


DEEP = 900
NESTED = "[" * DEEP + "1" + "]" * DEEP


@pytest.mark.parametrize(
    "body",
    [
        "<div itemscope itemprop=a>" * DEEP + "<b itemprop=name>x</b>",
        "<div itemscope itemtype=https://schema.org/Product itemprop=offers>" * DEEP,
        f'<script type="application/ld+json">{{"@type": "Product", "name": {NESTED}}}</script>',
        '<script type="application/ld+json">{"@type": "Product", "offers": '
        f'{{"price": {NESTED}}}}}</script>',
        "<script type='application/ld+json'>"
        + '{"@type": "Product", "offers": ' * DEEP
        + "</script>",
        "<div class='price'>" * DEEP + "5 ₽",
        "<table><tr><td>" * DEEP,
        "<b class='price'>1 ₽</b>" * 5000,
        "<ul class='breadcrumbs'><li>" * DEEP + "<a href='/'>x</a>",
    ],
)
def test_depth_and_mass_are_survived(body: str) -> None:
    assert page(f"<h1>Чайник</h1>{body}").h1 == "Чайник"


def test_an_expression_that_is_none_matches_nothing() -> None:
    profile = SiteProfile(product_patterns=("re:[",))
    assert page('<h1>Чайник</h1><b class="price">5 ₽</b>', profile=profile).product is None
