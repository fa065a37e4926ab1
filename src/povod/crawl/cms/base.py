"""What an adapter is, and how the engine of a shop is told by its traces (S95).

An adapter is a class registered by `@site_adapter`, or named by the entry-point group
`povod.site_adapters`. It reads a parsed page; it opens no connection. What it needs from further
addresses it returns as `wants`; whoever fetches them hands the answers to `merge`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import ClassVar

from povod.crawl.extract.document import Document
from povod.crawl.extract.product_model import Layer
from povod.crawl.site_profile import NO_PROFILE, SiteProfile

ENTRY_POINTS = "povod.site_adapters"
GENERIC = "generic"
"""Value of a profile's `cms` for a site that no adapter fits."""

_HEAD = 6_000  # bytes
_BUILT_IN = (
    "bitrix", "woocommerce", "cscart", "insales", "opencart", "cm3", "shopify", "magento",
    "joomla", "json_api",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trace:
    """One piece of evidence: a needle in the page's source, and how much it says (0..1).

    `where` is `page`, or `headers` for names and cookies of the answer.
    """

    needle: bytes
    weight: float
    where: str = "page"


@dataclass(frozen=True, slots=True)
class Detection:
    """The engine that a page seems to run on; None and 0 when nothing points to one."""

    name: str | None = None
    confidence: float = 0.0
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """What an adapter found: a layer of data, its verdict, further addresses, CSS selectors."""

    layer: Layer | None = None
    is_product: bool = False
    wants: list[str] = field(default_factory=list)
    selectors: Mapping[str, str] = field(default_factory=dict)


class SiteAdapter:
    """Base of all adapters: finds nothing, wants nothing."""

    name: ClassVar[str] = ""
    hints: ClassVar[tuple[bytes, ...]] = ()
    """Only a page that shows one of these where traces usually stand is searched for all of them;
    none given, every page is."""
    traces: ClassVar[tuple[Trace, ...]] = ()

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """What the page itself holds."""
        return Reading()

    def merge(self, document_url: str, wanted_url: str, body: bytes) -> Layer | None:
        """What the answer to a wanted address adds; None when it is not what was expected."""
        return None


_REGISTRY: dict[str, SiteAdapter] = {}


def site_adapter(adapter: type[SiteAdapter]) -> type[SiteAdapter]:
    """Register the class under its name; a later one of the same name replaces the earlier."""
    _REGISTRY[adapter.name] = adapter()
    return adapter


def adapters() -> Mapping[str, SiteAdapter]:
    """All adapters by name: the built-in ones and those of installed packages."""
    _load()
    return _REGISTRY


@lru_cache(maxsize=1)
def _load() -> None:
    for name in _BUILT_IN:
        import_module(f"povod.crawl.cms.{name}")
    for point in entry_points(group=ENTRY_POINTS):
        loaded: Callable[[], SiteAdapter] = point.load()
        instance = loaded()
        _REGISTRY[instance.name] = instance


def detect(document: Document, headers: Mapping[str, str] | None = None) -> Detection:
    """The likeliest engine with its confidence: independent traces add up as chances do."""
    head = "\n".join(f"{k}: {v}" for k, v in (headers or {}).items()).lower().encode()
    places = _usual_places(document)
    best = Detection()
    for name, adapter in adapters().items():
        page = document.source
        if adapter.hints and not any(hint in places for hint in adapter.hints):
            page = b""
        doubt, evidence = 1.0, []
        for trace in adapter.traces:
            if trace.needle in (page if trace.where == "page" else head):
                doubt *= 1 - trace.weight
                evidence.append(trace.needle.decode("ascii", "replace"))
        if 1 - doubt > best.confidence:
            best = Detection(name, round(1 - doubt, 4), tuple(evidence))
    return best


def _usual_places(document: Document) -> bytes:
    """The head of the page, the addresses of its scripts and styles, the names of its metas.

    Searching a whole page for the traces of all engines would cost more than parsing it.
    """
    source = document.source
    if len(source) <= 2 * _HEAD:
        return source
    nodes = document.tree.css("script[src],link[href],form[action],body[class]")[:300]
    addresses = "\n".join(
        text
        for node in nodes
        for name in ("src", "href", "action", "class")
        if (text := node.attributes.get(name))
    )
    names = "\n".join((addresses, *document.metas, document.metas.get("generator", "")))
    return source[:_HEAD] + names.encode("utf-8", "replace")


def chosen_adapter(
    document: Document, profile: SiteProfile = NO_PROFILE, headers: Mapping[str, str] | None = None
) -> tuple[SiteAdapter | None, Detection]:
    """The adapter to use: the profile's, else the detected one if it is sure enough.

    Whoever remembers a detection per host hands it on as the profile's `cms`.
    """
    if profile.parsing and not profile.cms:
        return adapters()["json_api"], Detection("json_api", 1.0, ("profile",))
    if profile.cms:
        adapter = adapters().get(profile.cms)
        return adapter, Detection(profile.cms, 1.0, ("profile",))
    detection = detect(document, headers)
    if detection.name is None or detection.confidence < profile.confidence_floor:
        return None, detection
    return adapters()[detection.name], detection
