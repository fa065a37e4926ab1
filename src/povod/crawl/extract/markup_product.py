"""A product as the page shows it to people: the last and least trusted source (S86)."""

import re

from selectolax.lexbor import LexborNode

from povod.crawl.extract.availability import availability_of_text, stock_of_text
from povod.crawl.extract.document import Document, text_of
from povod.crawl.extract.price import accepted
from povod.crawl.extract.price_nodes import PRICE_QUERY, Shown, shown_prices
from povod.crawl.extract.product_model import Layer
from povod.crawl.extract.selecting import select
from povod.crawl.extract.values import brand_of_text, code_of, gtin_of, text_digest

MAX_ALIKE = 2
"""More price nodes of one look than this outside of asides make a list of products."""

MAX_HEADINGS = 3
"""Top headings of a product page: templates that use more use them for everything."""

_MAX_ATTRS, _MAX_IMAGES = 100, 30
_SOURCES = ("data-src", "data-lazy", "src", "content", "href")
_STOCK_QUERY = (
    '[class*="avail" i],[class*="stock" i],[class*="nalich" i],[class*="presence" i],'
    '[class*="quantity" i],[id*="avail" i],[id*="stock" i],[class*="sklad" i],[class*="ostat" i]'
)
_STOCK_CLASS = re.compile(r"stock|avail|nalich|sklad|ostat|presence", re.IGNORECASE)
_BRAND_QUERY = (
    '[itemprop="brand"],[class*="brand" i],[class*="manufacturer" i],[class*="vendor" i]'
    ',[class*="proizvod" i]'
)
_GALLERY_QUERY = (
    '[itemprop="image"],[class*="gallery" i] img,[class*="product" i] img,[class*="slider" i] img'
    ',[class*="photo" i] img'
)
_CODE_QUERY = (
    '[itemprop="sku"],[class*="sku" i],[class*="artic" i],[class*="artik" i],[class*="artnum" i]'
    ',[class*="vendor" i],[class*="product-code" i],[class*="product_code" i],[class*="model" i]'
)
_CODE = re.compile(
    r"(?:артикул|арт\.|код(?:\s+товара)?|sku|item\s*(?:#|no\.?|number|code)|product\s+code|"
    r"art(?:icle)?\.?\s*(?:no|nr)\.?|mpn|part\s*(?:#|no\.?|number)|style\s*#|model(?:\s*(?:#|no\.?|number))?)"
    r"\s*[:#№]?\s*([\w][\w./-]{1,39})",
    re.IGNORECASE,
)
_MAX_INDENT = 3
_VALUE = r"[ :№#]*\n?[ :]*(\S[^\n]{0,79})$"
_CODE_WORDS = ("Артикул", "АРТИКУЛ", "артикул", "Арт.", "Код товара", "SKU")
_CODE_LABEL = re.compile(
    rf"^ *(?:{'|'.join(map(re.escape, _CODE_WORDS))}) *(?:[:№#]|$|(?=[\w-]*\d)){_VALUE}",
    re.MULTILINE,
)
_BRAND_WORDS = ("Бренд", "Производитель", "Торговая марка", "Brand")
_BRAND_LABEL = re.compile(rf"^ *(?:{'|'.join(_BRAND_WORDS)}) *(?::|$){_VALUE}", re.MULTILINE)
_MAX_CLIMB = 12
_PRODUCT_NAME = re.compile(
    r"product[-_]?(?:detail|page|info|view|main|summary|card\b|single)|item[-_]?detail|\bpdp\b|tovar",
    re.IGNORECASE,
)
_NO_OPTION = re.compile(r"quant|qty|sort|limit|per_page", re.IGNORECASE)
_BRAND_LABELS = frozenset({"бренд", "производитель", "торговая марка", "марка", "brand"})
_CODE_LABELS = frozenset({"артикул", "арт", "код товара", "sku", "артикул производителя"})
_GTIN_LABELS = frozenset({"штрихкод", "штрих-код", "ean", "gtin", "barcode", "ean13", "upc"})
_ATTRS_QUERY = (
    'table tr,dl dt,[class*="charact" i] li,[class*="props" i] li,[class*="features" i] li,'
    '[class*="attributes" i] li,[class*="specs" i] li'
)
_DESCRIPTION_QUERY = (
    '[itemprop="description"],[class*="product-description" i],[class*="product__description" i],'
    '[class*="detail-text" i],[class*="detail_text" i],#tab-description,[id="description"]'
)


def shows_product(shown: Shown, document: Document) -> bool:
    """Whether the markup alone makes a product page: heading, price, a button to buy."""
    return (
        shown.price is not None
        and shown.has_buy_button
        and len(document.h1s) <= MAX_HEADINGS
        and shown.cards <= MAX_ALIKE
        and (bool(document.h1s) or _is_within_product(shown.node))
    )


def _is_within_product(node: LexborNode | None) -> bool:
    """Whether an element around the price is named for a product: on pages without a heading."""
    for _ in range(_MAX_CLIMB):
        node = node.parent if node is not None else None
        if node is None or node.tag == "body":
            return False
        attributes = node.attributes
        if _PRODUCT_NAME.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"):
            return True
    return False


def shown_of(document: Document) -> Shown:
    """Prices in the markup; a page without any node for them is done at once."""
    has_any = document.tree.css_first(PRICE_QUERY) is not None
    return shown_prices(document) if has_any else Shown()


def layer_of_markup(document: Document, shown: Shown, *, wanted: frozenset[str]) -> Layer:
    """The fields in `wanted` that better sources left open."""
    layer = Layer("generic")
    if shown.price is not None:
        layer.put("price", accepted(shown.price.amount))
        layer.put("price_max", accepted(shown.price.high))
        layer.put("currency", shown.price.currency)
        layer.put("price_from", shown.price.is_from or None)
    layer.put("price_old", accepted(shown.price_old))
    layer.put("name", document.h1)
    if wanted & {"availability", "stock"}:
        _put_stock(layer, document, shown)
    if wanted & {"attrs", "brand", "sku", "gtin"}:
        _put_attributes(layer, document)
    if "sku" in wanted:
        layer.put("sku", _code(document))
    if "brand" in wanted:
        layer.put("brand", _brand(document))
    if "images" in wanted:
        layer.put("images", _gallery(document))
    if "description_hash" in wanted:
        node = document.tree.css_first(_DESCRIPTION_QUERY)
        layer.put("description_hash", text_digest(node.text(separator=" ")) if node else None)
    return layer


def _put_stock(layer: Layer, document: Document, shown: Shown) -> None:
    """From the first lines that tell of stock, else from what the button offers."""
    for node in select(document.tree, _STOCK_QUERY, 60):
        if document.regions.is_aside(node) or node.tag in ("script", "style", "body", "html"):
            continue
        text = text_of(node) or node.attributes.get("content") or ""
        is_made_for_it = _STOCK_CLASS.search(node.attributes.get("class") or "") is not None
        stock = stock_of_text(text, in_stock_node=is_made_for_it)
        availability = availability_of_text(text)
        if availability is None and stock is not None:
            availability = "in_stock" if stock else "out_of_stock"
        if availability is not None:
            layer.put("availability", availability)
            layer.put("stock", stock if availability == "in_stock" else None)
            return
    said = availability_of_text(shown.button_text)
    layer.put("availability", said if said != "in_stock" else None)


def _put_attributes(layer: Layer, document: Document) -> None:
    attrs: dict[str, str] = {}
    for node in select(document.tree, _ATTRS_QUERY, _MAX_ATTRS * 4):
        pair = _pair(node)
        if pair is not None and not document.regions.is_aside(node) and len(attrs) < _MAX_ATTRS:
            attrs.setdefault(*pair)
    for name, value in attrs.items():
        key = name.casefold().strip()
        if key in _BRAND_LABELS:
            layer.put("brand", code_of(value))
        elif key in _CODE_LABELS:
            layer.put("sku", code_of(value))
        elif key in _GTIN_LABELS:
            layer.put("gtin", gtin_of(value))
    layer.put("attrs", attrs | _options(document))


def _pair(node: LexborNode) -> tuple[str, str] | None:
    """Name and value: a table's row of two cells, a `dt` with its `dd`, an item of two parts."""
    if node.tag == "dt":
        value = node.next
        while value is not None and value.tag != "dd":
            value = value.next if value.tag == "-text" else None
        cells = [node, value] if value is not None else []
    else:
        cells = [child for child in node.iter() if child.tag in ("th", "td", "span", "div", "b")]
    if len(cells) != 2:
        return None
    name, text = text_of(cells[0]).rstrip(" :…."), text_of(cells[1])
    is_short = 0 < len(name) <= 80 and 0 < len(text) <= 500
    return (name, text) if is_short and not name[0].isdigit() else None


def _options(document: Document) -> dict[str, str]:
    """Choices of a `select` that have neither code nor price: attributes, not variants (S94)."""
    found: dict[str, str] = {}
    for node in document.tree.css("select")[:20]:
        if document.regions.is_aside(node):
            continue
        name = _label(node, document)
        values = [
            text
            for option in node.css("option")[:200]
            if (option.attributes.get("value") or "").strip() and (text := text_of(option))
        ]
        if name and values:
            found.setdefault(name, "|".join(values)[:2000])
    return found


def _label(node: LexborNode, document: Document) -> str | None:
    identity = node.attributes.get("id") or ""
    if identity and re.fullmatch(r"[\w-]+", identity):
        label = document.tree.css_first(f'label[for="{identity}"]')
        if label is not None:
            return text_of(label).rstrip(" :*") or None
    name = node.attributes.get("aria-label") or node.attributes.get("name") or ""
    return name if 0 < len(name) <= 60 and not _NO_OPTION.search(name) else None


def _brand(document: Document) -> str | None:
    """The maker that an element made for it names, without the label before the name."""
    for node in select(document.tree, _BRAND_QUERY, 30):
        if node.tag in ("body", "html") or document.regions.is_aside(node):
            continue
        image = node.css_first("img[alt]")
        text = text_of(node) or (image.attributes.get("alt") or "" if image is not None else "")
        if brand := brand_of_text(text):
            return brand
    return brand_of_text(_labelled(document, _BRAND_LABEL, _BRAND_WORDS) or "")


def _gallery(document: Document) -> tuple[str, ...]:
    """Pictures in elements made for them, and those whose text begins with the product's name."""
    found: dict[str, None] = {}
    made_for_it = {node.mem_id for node in document.tree.css(_GALLERY_QUERY)[:200]}
    for node in select(document.tree, f"{_GALLERY_QUERY},img[alt]", 400):
        if node.mem_id not in made_for_it and not _is_named(node, document):
            continue
        if document.regions.is_aside(node) or len(found) >= _MAX_IMAGES:
            continue
        attributes = node.attributes
        source = next((value for name in _SOURCES if (value := attributes.get(name))), None)
        address = document.link(source) if source and not source.startswith("data:") else None
        if address is not None:
            found[address] = None
    return tuple(found)


def _is_named(node: LexborNode, document: Document) -> bool:
    name = (document.h1 or "").casefold()
    return bool(name) and (node.attributes.get("alt") or "").casefold().startswith(name)


def _code(document: Document) -> str | None:
    """The article that a line names, with its label or in a node made for it."""
    for node in select(document.tree, _CODE_QUERY, 40):
        if document.regions.is_aside(node):
            continue
        text = node.attributes.get("content") or text_of(node)
        if node.attributes.get("itemprop") == "sku" and (code := code_of(text)):
            return code
        if 0 < len(text) <= 80:
            if match := _CODE.search(text):
                return code_of(match[1])
            if re.fullmatch(r"[\w][\w./-]{2,39}", text) and any(map(str.isdigit, text)):
                return text
    text = _labelled(document, _CODE_LABEL, _CODE_WORDS) or ""
    code = text.split()[0].rstrip(",;") if text else ""
    return code if len(code) <= 40 and any(map(str.isdigit, code)) else None


def _labelled(document: Document, label: re.Pattern[str], words: tuple[str, ...]) -> str | None:
    """What stands after a label: «Артикул: 5500», in one piece of text or in two that follow.

    `words` are what the label may begin with: most pages have none of them and are done at once.
    """
    text = document.body_text
    for word in words:
        at = text.find(word)
        while at >= 0:
            start = text.rfind("\n", 0, at) + 1
            if at - start < _MAX_INDENT and (match := label.match(text, start)):
                return match[1].strip()
            at = text.find(word, at + len(word))
    return None
