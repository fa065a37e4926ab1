"""Which engine a shop runs on, by the traces that it leaves (S95)."""

from collections.abc import Iterator

import pytest

from povod.crawl.cms import base
from povod.crawl.cms.base import (
    GENERIC,
    Reading,
    SiteAdapter,
    Trace,
    adapters,
    chosen_adapter,
    detect,
    site_adapter,
)
from povod.crawl.extract.document import Document
from povod.crawl.extract.product import read_product
from povod.crawl.extract.product_model import Layer
from povod.crawl.site_profile import SiteProfile

URL = "https://shop.ru/p/1"
FILLER = "<p>Слова о чае и чайниках, длинный ряд без всяких следов.</p>\n" * 400


def document(head: str, body: str = "") -> Document:
    return Document(f"<html><head>{head}</head><body>{body}{FILLER}</body></html>", URL)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("bitrix", '<link href="/bitrix/templates/x/s.css"><script src="/bitrix/js/main/core.js">'),
        ("woocommerce", '<link href="/wp-content/plugins/woocommerce/assets/css/w.css">'),
        ("cscart", "<script>f(Tygh, Tygh.$);</script><form action='?dispatch=x'>"),
        ("insales", '<script src="https://static.insales-cdn.com/a.js"></script>'
                    '<meta name="page-config" content="{}">'),
        ("opencart", '<link href="catalog/view/theme/default/s.css">'
                     '<script src="catalog/view/javascript/common.js"></script>'),
        ("cm3", '<script src="/g/shop2v2/js/shop2.js"></script><script>shop2.init({})</script>'),
        ("shopify", '<link href="//cdn.shopify.com/a.css"><script>Shopify.theme={}</script>'),
        ("magento", '<script type="text/x-magento-init">{}</script>'),
        ("joomla", '<link href="/components/com_virtuemart/assets/css/vm.css">'),
    ],
)  # fmt: skip
def test_engines_are_known_by_their_traces(name: str, head: str) -> None:
    found = detect(document(head))
    assert found.name == name
    assert found.confidence >= 0.7
    assert found.evidence
    adapter, _ = chosen_adapter(document(head))
    assert adapter is not None
    assert adapter.name == name


def test_cookies_and_headers_are_traces_too() -> None:
    found = detect(document(""), {"Set-Cookie": "BITRIX_SM_GUEST_ID=5; path=/"})
    assert (found.name, found.confidence) == ("bitrix", 0.7)


def test_traces_add_up_as_chances_do() -> None:
    one = detect(document('<link href="/bitrix/templates/s.css">'))
    two = detect(document('<link href="/bitrix/templates/s.css"><script src="/bitrix/js/m.js">'))
    assert (one.confidence, two.confidence) == (0.6, 0.84)


def test_a_weak_guess_is_not_acted_upon() -> None:
    weak = document('<link href="/wp-content/themes/x/s.css">')
    adapter, detection = chosen_adapter(weak)
    assert adapter is None
    assert (detection.name, detection.confidence) == ("woocommerce", 0.4)
    adapter, _ = chosen_adapter(weak, SiteProfile(confidence_floor=0.3))
    assert adapter is not None


def test_no_trace_no_engine() -> None:
    assert detect(document("")).name is None
    assert chosen_adapter(document(""))[0] is None


def test_the_profile_forces_an_engine() -> None:
    adapter, detection = chosen_adapter(document(""), SiteProfile(cms="bitrix"))
    assert adapter is not None
    assert (adapter.name, detection.confidence) == ("bitrix", 1.0)
    bitrix = '<link href="/bitrix/templates/x/s.css"><script src="/bitrix/js/main/core.js">'
    assert chosen_adapter(document(bitrix), SiteProfile(cms=GENERIC))[0] is None


def test_a_profile_with_parsing_reads_json() -> None:
    adapter, _ = chosen_adapter(document(""), SiteProfile(parsing={"root": "$"}))
    assert adapter is not None
    assert adapter.name == "json_api"


@pytest.fixture
def registry() -> Iterator[None]:
    before = dict(adapters())
    yield
    base._REGISTRY.clear()
    base._REGISTRY.update(before)


@pytest.mark.usefixtures("registry")
def test_a_shop_with_its_own_engine_brings_its_adapter() -> None:
    @site_adapter
    class Own(SiteAdapter):
        name = "own"
        traces = (Trace(b"own-engine", 0.9),)

        def read(self, document: Document, profile: SiteProfile) -> Reading:
            return Reading(Layer("cms:own", {"name": "Своё"}), is_product=True, wants=["/more"])

    reading = read_product(document("", "<i class='own-engine'></i>"))
    assert reading.product is not None
    assert (reading.product.name, reading.product.sources["name"]) == ("Своё", "cms:own")
    assert reading.wants == ["/more"]
    assert reading.detection.name == "own"


@pytest.mark.usefixtures("registry")
def test_adapters_of_installed_packages_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        def load(self) -> type[SiteAdapter]:
            return type("Foreign", (SiteAdapter,), {"name": "foreign"})

    asked: list[str] = []

    def entry_points(group: str) -> list[Point]:
        asked.append(group)
        return [Point()]

    monkeypatch.setattr(base, "entry_points", entry_points)
    base._load.cache_clear()
    assert adapters()["foreign"].name == "foreign"
    assert asked == ["povod.site_adapters"]


def test_the_plain_adapter_finds_nothing() -> None:
    plain = SiteAdapter()
    assert plain.read(document(""), SiteProfile()) == Reading()
    assert plain.merge(URL, URL, b"{}") is None
