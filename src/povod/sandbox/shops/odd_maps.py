"""Maps that go wrong, under `/maps/` of every shop (N25-N27, S36, S37).

big.xml?n=200000, bomb.xml (nested entities), loop.xml (lists itself), loop-a.xml and loop-b.xml,
deep-1.xml .. deep-10.xml (an index in an index ...), broken.xml (cut off), ampersand.xml (bare &),
leading.xml (blank lines first), relative.xml, offsite.xml, lost-child.xml, bare.xml (no
namespace), rss.xml, wrong-charset.xml, twins.xml (one page in several spellings), double.gz (an
archive in an archive), one.zip, two.zip, wide.xml (1200 child maps).
"""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator

from povod.sandbox.answers import Answer
from povod.sandbox.shops.changes import Changes
from povod.sandbox.shops.maps import HEADER, NAMESPACE, product_entries, sitemap_index, urlset

_FEW = 10
_DEEPEST = 10
_MOST = 1_000_000
_LOOPS = {"loop.xml": ["loop.xml"], "loop-a.xml": ["loop-b.xml"], "loop-b.xml": ["loop-a.xml"]}


def odd_map(changes: Changes, name: str, count: str) -> Answer | None:
    """The map of that name; `count` is the `n` of the query, for big.xml."""
    home = changes.shop.home
    if name == "big.xml":
        wanted = min(int(count), _MOST) if count.isdigit() else 200_000
        return Answer(200, b"", {"Content-Type": "application/xml"}, parts=_big(home, wanted))
    if name in _LOOPS:
        own = [f"{home}sitemap-sections.xml", *(f"{home}maps/{child}" for child in _LOOPS[name])]
        return _xml(sitemap_index(own))
    if name.startswith("deep-"):
        return _deep(home, name)
    if name == "wide.xml":
        return _xml(sitemap_index(f"{home}maps/few.xml?part={n}" for n in range(1200)))
    if name == "lost-child.xml":
        return _xml(sitemap_index([f"{home}sitemap-sections.xml", f"{home}maps/nothing.xml"]))
    make = _MAKERS.get(name)
    return make(changes) if make else None


def _urls(changes: Changes) -> list[str]:
    return [url for url, _ in product_entries(changes, 0, _FEW)]


def _map(urls: list[str], *, namespace: str = NAMESPACE, header: str = HEADER) -> bytes:
    """A urlset whose addresses are written as they are, unescaped."""
    entries = "".join(f"<url><loc>{url}</loc></url>\n" for url in urls)
    return f"{header}<urlset{namespace}>\n{entries}</urlset>\n".encode()


def _big(home: str, count: int) -> Iterator[bytes]:
    """So many addresses, a thousand at a time."""
    yield f"{HEADER}<urlset{NAMESPACE}>\n".encode()
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        yield "".join(f"<url><loc>{home}p/{n}</loc></url>\n" for n in numbers).encode()
    yield b"</urlset>\n"


def _deep(home: str, name: str) -> Answer | None:
    level = name.removeprefix("deep-").removesuffix(".xml")
    if not level.isdigit() or not 1 <= int(level) <= _DEEPEST:
        return None
    if int(level) == _DEEPEST:
        return _xml(b"".join(urlset([(f"{home}deepest", "")])))
    return _xml(sitemap_index([f"{home}maps/deep-{int(level) + 1}.xml"]))


def _bomb(changes: Changes) -> Answer:
    """Four entities, each ten times the one before."""
    levels = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">\n' if n else '<!ENTITY e0 "aaaaaaaaaa">\n'
        for n in range(4)
    )
    body = (
        f"{HEADER}<!DOCTYPE urlset [\n{levels}]>\n<urlset{NAMESPACE}>"
        f"<url><loc>{changes.shop.home}&e3;</loc></url></urlset>"
    )
    return _xml(body.encode())


def _broken(changes: Changes) -> Answer:
    whole = _map(_urls(changes))
    return _xml(whole[: len(whole) * 2 // 3])


def _leading(changes: Changes) -> Answer:
    return _xml(b"\n\n  " + _map(_urls(changes)))


def _ampersand(changes: Changes) -> Answer:
    return _xml(_map([f"{url}?a=1&b=2" for url in _urls(changes)]))


def _relative(changes: Changes) -> Answer:
    home = changes.shop.home.rstrip("/")
    return _xml(_map([url.removeprefix(home) for url in _urls(changes)]))


def _offsite(changes: Changes) -> Answer:
    strangers = [f"https://other{n}.example/p/{n}" for n in range(3)]
    return _xml(_map([*_urls(changes)[:2], *strangers]))


def _bare(changes: Changes) -> Answer:
    return _xml(_map(_urls(changes), namespace="", header=""))


def _rss(changes: Changes) -> Answer:
    items = "".join(f"<item><link>{url}</link></item>" for url in _urls(changes))
    body = f'{HEADER}<rss version="2.0"><channel><title>Новинки</title>{items}</channel></rss>'
    return Answer(200, body.encode(), {"Content-Type": "application/rss+xml"})


def _wrong_charset(changes: Changes) -> Answer:
    """Labelled UTF-8, written in Windows-1251."""
    note = "<!-- карта сайта -->"
    text = _map(_urls(changes)).decode().replace("<urlset", f"{note}<urlset")
    return _xml(text.encode("cp1251"))


def _twins(changes: Changes) -> Answer:
    first = _urls(changes)[0]
    host = changes.shop.host
    spellings = [
        first, f"{first}?utm_source=ya", first.replace(host, f"www.{host}"), f"{first}#reviews",
        first.replace("https:", "http:"), f"{first}?yclid=1",
    ]  # fmt: skip
    return _xml(_map(spellings))


def _double(changes: Changes) -> Answer:
    inner = gzip.compress(_map(_urls(changes)), mtime=0)
    return Answer(200, gzip.compress(inner, mtime=0), {"Content-Type": "application/gzip"})


def _archive(members: int) -> Callable[[Changes], Answer]:
    def make(changes: Changes) -> Answer:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(1, members + 1):
                archive.writestr(f"sitemap{number}.xml", _map(_urls(changes)))
        return Answer(200, packed.getvalue(), {"Content-Type": "application/zip"})

    return make


def _xml(body: bytes) -> Answer:
    return Answer(200, body, {"Content-Type": "application/xml"})


_MAKERS: dict[str, Callable[[Changes], Answer]] = {
    "few.xml": lambda changes: _xml(_map(_urls(changes))),
    "bomb.xml": _bomb,
    "broken.xml": _broken,
    "leading.xml": _leading,
    "ampersand.xml": _ampersand,
    "relative.xml": _relative,
    "offsite.xml": _offsite,
    "bare.xml": _bare,
    "rss.xml": _rss,
    "wrong-charset.xml": _wrong_charset,
    "twins.xml": _twins,
    "double.gz": _double,
    "one.zip": _archive(1),
    "two.zip": _archive(2),
}
