"""Reading a map and the maps that it names, each once and not endlessly deep (S36, S37)."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from povod.crawl.sitemap_stream import ChildMap, MapStream
from povod.crawl.sitemaps import SitemapError
from povod.kit.errors import InvalidUrl
from povod.kit.url import parse_url
from povod.sites.input.loading import Load, MapNotThereError
from povod.sites.input.sieve import BAD_URL, MAX_URLS, Sieve

MAX_DEPTH = 3
MAX_CHILDREN = 1000
MOST_WARNINGS = 50


@dataclass
class MapTree:
    """Feeds the addresses of maps into a sieve. What goes wrong with a child is a warning.

    `alive` is asked between maps; False ends the reading early.
    """

    load: Load
    sieve: Sieve
    alive: Callable[[], bool] = lambda: True
    source: str = "sitemap"
    complete: bool = True
    kind: str = ""
    read: int = 0
    warnings: list[str] = field(default_factory=list)
    _visited: set[str] = field(default_factory=set)
    _waiting: deque[tuple[str, int]] = field(default_factory=deque)
    _told: set[str] = field(default_factory=set)

    def warn(self, text: str) -> None:
        """Something is missing; nothing is dropped silently."""
        self.complete = False
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(text)

    def read_root(self, chunks: Iterable[bytes], url: str) -> None:
        """The map that was asked for, and all below it; `SitemapError` if it cannot be read."""
        self._visited.add(_spelled(url))
        self.kind = self._read(chunks, url, 0)
        self._read_children()

    def fetch_root(self, url: str) -> None:
        """`read_root` of an address; `MapNotThereError` too."""
        self.read_root([self.load(url)], url)

    def try_root(self, url: str) -> bool:
        """A map that may or may not be there; whether it was, and had not been read before."""
        if _spelled(url) in self._visited:
            return False
        before = self.complete
        try:
            self.fetch_root(url)
        except (MapNotThereError, SitemapError):
            self.complete = before
            return False
        return True

    def _read_children(self) -> None:
        while self._waiting and self.alive():
            url, depth = self._waiting.popleft()
            if self.sieve.is_full:
                self._say_full()
                return
            try:
                self._read([self.load(url)], url, depth)
            except (MapNotThereError, SitemapError) as error:
                self.warn(str(error))

    def _read(self, chunks: Iterable[bytes], url: str, depth: int) -> str:
        stream = MapStream(chunks, url)
        self.read += 1
        for item in stream.items():
            if isinstance(item, ChildMap):
                self._remember(item.loc, depth + 1)
            elif self.sieve.is_full:
                self._say_full()
                break
            else:
                self.sieve.offer(item.loc, item.priority, item.modified, self.source)
        if stream.bad:
            self.sieve.refuse(BAD_URL, stream.bad)
        for text in stream.warnings:
            self.warn(text)
        return stream.kind

    def _remember(self, loc: str, depth: int) -> None:
        spelled = _spelled(loc)
        if spelled in self._visited:
            return
        if depth > MAX_DEPTH:
            self._once("depth", f"{loc}: maps deeper than {MAX_DEPTH} are not read")
        elif len(self._visited) > MAX_CHILDREN:
            self._once("children", f"only the first {MAX_CHILDREN} maps are read")
        else:
            self._visited.add(spelled)
            self._waiting.append((loc, depth))

    def _say_full(self) -> None:
        self._once("full", f"only the first {MAX_URLS} addresses are taken")

    def _once(self, about: str, text: str) -> None:
        if about not in self._told:
            self._told.add(about)
            self.warn(text)


def _spelled(url: str) -> str:
    try:
        return parse_url(url)
    except InvalidUrl:
        return url
