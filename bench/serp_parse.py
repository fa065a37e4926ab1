"""How fast search replies are parsed, beside two parsers that do less (Y67).

Run: python bench/serp_parse.py [--quick]. The last line is one JSON object; the exit status is 0
only when all bars hold.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import defusedxml.ElementTree  # type: ignore[import-untyped] # publishes no types

from povod.leads.serp import parse_serp

DOCS_PER_REPLY = 100
BARS = {"against_bare": 0.7, "against_defusedxml": 1.2}

_TEXT = (
    "клиника стоматология лечение протезирование имплантация Казань приём ежедневно запись врач "
    "онлайн цены отзывы адрес телефон услуги окна монтаж доставка гарантия завод производство"
)

Parse = Callable[[bytes], int]


def make_reply(seed: int) -> bytes:
    """A reply of `DOCS_PER_REPLY` documents with every element the service is known to send."""
    rnd = random.Random(seed)
    groups = "".join(_group(rnd, number) for number in range(DOCS_PER_REPLY))
    return (
        '<?xml version="1.0" encoding="utf-8"?><yandexsearch version="1.0">'
        '<response date="20261121T211902"><reqid>1-1-XML</reqid>'
        '<found priority="phrase">51</found><found priority="all">5120</found>'
        "<found-human>Нашлось 5 тыс. результатов</found-human><results>"
        '<grouping attr="d" mode="deep" groups-on-page="100" docs-in-group="1" curcateg="-1">'
        f'<page first="1" last="100">0</page>{groups}</grouping></results>'
        "</response></yandexsearch>"
    ).encode()


def _group(rnd: random.Random, number: int) -> str:
    host = f"www.firma-{number}-{rnd.randrange(10_000)}.example"
    passages = "".join(f"<passage>{_mixed(rnd, 18)}</passage>" for _ in range(3))
    return (
        f'<group><categ attr="d" name="{host}"/><doccount>{rnd.randrange(1, 90)}</doccount>'
        f'<relevance priority="all"/><doc id="Z{rnd.randrange(16**12):012X}">'
        f'<relevance priority="all"/><url>https://{host}/uslugi/{number}?utm_source=ya</url>'
        f"<domain>{host}</domain><title>{_mixed(rnd, 7)}</title><headline>{_mixed(rnd, 9)}"
        "</headline><modtime>20260301T040000</modtime><size>26938</size><charset>utf-8</charset>"
        f"<passages>{passages}</passages><properties><_PassagesType>0</_PassagesType>"
        "<lang>ru</lang></properties><mime-type>text/html</mime-type></doc></group>"
    )


def _mixed(rnd: random.Random, words: int) -> str:
    chosen = rnd.choices(_TEXT.split(), k=words)
    chosen[0] = f"<hlword>{chosen[0][:4]}</hlword>{chosen[0][4:]}"
    chosen[words // 2] = f"<hlword>{chosen[words // 2]}</hlword>"
    return " ".join(chosen)


def povod(raw: bytes) -> int:
    return len(parse_serp(raw).docs)


def bare(raw: bytes) -> int:
    return len(walk(ElementTree.fromstring(raw)))


def defused(raw: bytes) -> int:
    return len(walk(defusedxml.ElementTree.fromstring(raw)))


def walk(root: Element) -> list[tuple[str | None, str, list[str]]]:
    """Only URL, title text and passage texts, nothing checked or cleaned."""
    return [
        (
            doc.findtext("url"),
            "".join(title.itertext()) if (title := doc.find("title")) is not None else "",
            ["".join(passage.itertext()) for passage in doc.iterfind("passages/passage")],
        )
        for doc in root.iter("doc")
    ]


def check(raw: bytes) -> None:
    """Both ways must read the same, or the comparison means nothing."""
    ours = [(doc.url_raw, doc.title) for doc in parse_serp(raw).docs]
    if ours != [(url, title) for url, title, _ in walk(ElementTree.fromstring(raw))]:
        raise SystemExit("the parsers disagree about addresses or titles")


def rate(parse: Parse, replies: list[bytes]) -> float:
    """Documents per CPU second of one pass over all replies: a busy machine disturbs less."""
    start = time.process_time()
    documents = sum(parse(raw) for raw in replies)
    return documents / (time.process_time() - start)


def measure(replies: list[bytes], runs: int) -> dict[str, float]:
    """Medians; the parsers take turns so that a slow moment of the machine hits all of them."""
    parsers: dict[str, Parse] = {"povod": povod, "bare": bare, "defusedxml": defused}
    rates: dict[str, list[float]] = {name: [] for name in parsers}
    for _ in range(runs):
        for name, parse in parsers.items():
            rates[name].append(rate(parse, replies))
    return {name: statistics.median(found) for name, found in rates.items()}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer replies")
    quick = options.parse_args().quick
    replies = [make_reply(seed) for seed in range(20 if quick else 100)]
    check(replies[0])
    medians = measure(replies, runs=5 if quick else 9)
    print(f"{'parser':<12}{'documents/s':>14}{'MB/s':>9}")
    size = sum(map(len, replies)) / len(replies) / DOCS_PER_REPLY / 1e6
    for name, docs_per_s in medians.items():
        print(f"{name:<12}{docs_per_s:>14,.0f}{docs_per_s * size:>9.1f}")
    figures = {
        "against_bare": medians["povod"] / medians["bare"],
        "against_defusedxml": medians["povod"] / medians["defusedxml"],
    }
    passed = all(figures[name] >= bar for name, bar in BARS.items())
    shown = {name: round(figure, 2) for name, figure in figures.items()}
    shown["docs_per_s"] = round(medians["povod"])
    print(json.dumps({"bench": "serp_parse", **shown, "bars": BARS, "ok": passed}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
