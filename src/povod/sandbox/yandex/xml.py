"""The reply document (spec section 7), written from the hits of the world.

The same seed and the same request give the same bytes: nothing here reads a clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from povod.sandbox.seeded import code, draw
from povod.sandbox.world.model import Hit
from povod.sandbox.yandex.request import SearchRequest

NOTHING_FOUND = 15
BAD_PARAMETERS = 18
BAD_SYNTAX = 1
MAX_RESULTS = 250
MAX_REACH = 1000
INDEX_DATE = datetime(2026, 11, 1, tzinfo=UTC)
ERROR_TEXTS = {
    1: "Синтаксическая ошибка запроса",
    15: "Искомая комбинация слов нигде не встречается",
    18: "Ошибка в параметрах запроса",
    20: "Неизвестная ошибка",
    31: "Пользователь не зарегистрирован",
    32: "Лимит запросов исчерпан",
    55: "Превышено допустимое число запросов в секунду",
    100: "Вероятно, запрос отправлен роботом",
}


@dataclass
class Reply:
    """What a reply is made of besides the request: its hits and the corrected text, if any."""

    request: SearchRequest
    hits: list[Hit]
    seed: int = 0
    corrected: str | None = None
    groups: list[list[Hit]] = field(init=False)

    def __post_init__(self) -> None:
        self.groups = _grouped(self.hits[:MAX_RESULTS], self.request)

    @property
    def page_groups(self) -> list[list[Hit]]:
        """The groups of the page that was asked for."""
        size = self.request.groups_on_page
        return self.groups[self.request.page * size : (self.request.page + 1) * size]

    @property
    def first(self) -> int:
        """1-based place of the page's first document in the whole answer."""
        before = self.groups[: self.request.page * self.request.groups_on_page]
        return 1 + sum(map(len, before))

    @property
    def found(self) -> list[tuple[str, int]]:
        """Documents found by phrase, strict and all: invented, growing, repeatable."""
        everything = round(len(self.hits) * (20 + 200 * draw(self.seed, self.request.text)))
        return [("phrase", everything // 9), ("strict", everything // 2), ("all", everything)]


def error_of(reply: Reply) -> int | None:
    """The error code this reply carries instead of results (Y20, Y40, Y47)."""
    request = reply.request
    if "//" in request.text:
        return BAD_SYNTAX
    if (request.page + 1) * request.groups_on_page > MAX_REACH:
        return BAD_PARAMETERS
    return None if reply.page_groups else NOTHING_FOUND


def render(reply: Reply, error: int | None = None, message: str = "") -> bytes:
    """The document; with `error` it carries that error and no results."""
    error = error or error_of(reply)
    body = _error(error, message) if error else _results(reply)
    return _document(reply, body)


def render_both(reply: Reply, error: int, message: str = "") -> bytes:
    """An error and documents in one reply, as the service does for some codes."""
    return _document(reply, _error(error, message) + _results(reply))


def _document(reply: Reply, body: str) -> bytes:
    key = (reply.seed, reply.request)
    date = INDEX_DATE + timedelta(seconds=int(draw(*key) * 86_400))
    reqid = f"{int(draw('reqid', *key) * 10**16)}-{code(*key, length=12)}-XML"
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<yandexsearch version="1.0">'
        f"{_request(reply.request)}\n"
        f'<response date="{date:%Y%m%dT%H%M%S}"><reqid>{reqid}</reqid>{body}</response>\n'
        "</yandexsearch>\n"
    )
    return text.encode()


def _request(request: SearchRequest) -> str:
    mode, order = ("tm" if request.by_time else "rlv"), ("asc" if request.ascending else "desc")
    return (
        f"<request><query>{escape(request.text)}</query><page>{request.page}</page>"
        f'<sortby order="{order}" priority="no">{mode}</sortby>'
        f"<maxpassages>{request.max_passages}</maxpassages>"
        f"<groupings><groupby {_grouping(request)} /></groupings></request>"
    )


def _grouping(request: SearchRequest) -> str:
    attr, mode = ("", "flat") if request.flat else ("d", "deep")
    return (
        f'attr="{attr}" mode="{mode}" groups-on-page="{request.groups_on_page}" '
        f'docs-in-group="{request.docs_in_group}" curcateg="-1"'
    )


def _error(error: int, message: str) -> str:
    text = message or ERROR_TEXTS.get(error, f"Ошибка {error}")
    return f'<error code="{error}">{escape(text)}</error>'


def _results(reply: Reply) -> str:
    groups = reply.page_groups
    last = reply.first - 1 + sum(map(len, groups))
    found_docs = [(priority, len(reply.hits)) for priority, _ in reply.found]
    return "".join(
        [
            _found("found", reply.found),
            f"<found-human>Нашлось {reply.found[-1][1]} результатов</found-human>",
            _correction(reply),
            f"<results><grouping {_grouping(reply.request)}>",
            _found("found-docs", found_docs),
            f"<found-docs-human>нашлось {len(reply.hits)} ответов</found-docs-human>",
            f'<page first="{reply.first}" last="{last}">{reply.request.page}</page>\n',
            *(_group(group, reply.request) for group in groups),
            "</grouping></results>",
        ]
    )


def _found(tag: str, counts: Iterable[tuple[str, int]]) -> str:
    return "".join(f'<{tag} priority="{name}">{count}</{tag}>' for name, count in counts)


def _correction(reply: Reply) -> str:
    """`reask` when the corrected text was searched, `misspell` when it is only proposed."""
    if reply.corrected is None:
        return ""
    tag = "reask" if reply.request.fix_typo else "misspell"
    source = " ".join(
        escape(old) if old == new else f"<hlword>{escape(old)}</hlword>"
        for old, new in zip(reply.request.text.split(), reply.corrected.split(), strict=False)
    )
    shown = f"<text-to-show>{escape(reply.corrected)}</text-to-show>" if tag == "reask" else ""
    return (
        f"<{tag}><rule>Misspell</rule><source-text>{source}</source-text>"
        f"{shown}<text>{escape(reply.corrected)}</text></{tag}>"
    )


def _group(group: list[Hit], request: SearchRequest) -> str:
    first = group[0]
    categ = "" if request.flat else f'<categ attr="d" name={quoteattr(first.group_name)} />'
    documents = "".join(_document_of(hit, request.max_passages) for hit in group)
    return (
        f'<group>{categ}<doccount>{first.doc_count}</doccount><relevance priority="all" />'
        f"{documents}</group>\n"
    )


def _document_of(hit: Hit, max_passages: int) -> str:
    passages = "".join(f"<passage>{text}</passage>" for text in hit.passages_xml[:max_passages])
    kind = 0 if hit.passages_xml else 1
    properties = f"<_PassagesType>{kind}</_PassagesType>"
    if "lang" not in hit.drop:
        properties += f"<lang>{escape(hit.lang)}</lang>"
    saved = f"https://hghltd.yandex.net/yandbtm?fmode=inject&url={hit.doc_id}"
    elements = {
        "url": escape(hit.url),
        "domain": escape(hit.domain),
        "title": hit.title_xml,
        "headline": hit.headline_xml,
        "modtime": hit.modtime,
        "size": str(hit.size),
        "charset": escape(hit.charset),
        "passages": passages,
        "properties": properties,
        "mime-type": "text/html",
        "saved-copy-url": escape(saved),
    }
    inner = "".join(
        f"<{tag}>{text}</{tag}>" for tag, text in elements.items() if text and tag not in hit.drop
    )
    return f"<doc id={quoteattr(hit.doc_id)}><relevance />{inner}</doc>"


def _grouped(hits: list[Hit], request: SearchRequest) -> list[list[Hit]]:
    """Groups in the order of their best hit, each cut to `docs_in_group`."""
    if request.by_time:
        hits = sorted(hits, key=lambda hit: hit.modtime, reverse=not request.ascending)
    if request.flat:
        return [[hit] for hit in hits]
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.group_name, []).append(hit)
    return [group[: request.docs_in_group] for group in groups.values()]
