"""A world of a few hand-made hits, and a service over it on a clock that tests move."""

from datetime import UTC, datetime

import pytest

from povod.sandbox.clock import WorldClock
from povod.sandbox.world.model import Hit, World
from povod.sandbox.yandex.app import YandexService
from povod.sandbox.yandex.iam import DemoKey, make_demo_key
from povod.sandbox.yandex.store import Store

START = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


def make_hit(number: int, group: int | None = None, **changes) -> Hit:
    host = f"firm{number if group is None else group}.example"
    values = {
        "url": f"https://www.{host}/p{number}?utm_source=ya&x=1",
        "domain": f"www.{host}",
        "title_xml": f"<hlword>Окна</hlword> в городе &amp; {number}",
        "passages_xml": [f"пассаж <hlword>{n}</hlword>" for n in range(5)],
        "headline_xml": "",
        "modtime": f"202601{number % 28 + 1:02}T040000",
        "size": 1000 + number,
        "charset": "utf-8",
        "lang": "ru",
        "doc_id": f"Z{number:04}",
        "group_name": host,
        "doc_count": 3,
        "drop": frozenset(),
    }
    return Hit(**{**values, **changes})


class TinyWorld(World):
    """Thirty hits in ten groups of three for any query but «пусто»; «окнаа» is misspelt."""

    def __init__(self) -> None:
        super().__init__(7, [])
        self.hits = [make_hit(n, group=n % 10) for n in range(30)]

    def search(self, query_text: str, region: str) -> list[Hit]:
        if query_text == "пусто":
            return []
        return self.hits[::-1] if region == "43" else list(self.hits)

    def correction(self, query_text: str) -> str | None:
        return query_text.replace("окнаа", "окна") if "окнаа" in query_text else None

    def truth(self) -> dict[str, object]:
        return {"sites": []}

    def dns(self, name: str) -> list[str] | None:
        return ["127.0.0.1"] if name == "firm1.example" else None


@pytest.fixture
def tiny_world() -> TinyWorld:
    return TinyWorld()


@pytest.fixture
def hit_factory():
    return make_hit


@pytest.fixture
def still_clock() -> WorldClock:
    """Virtual time that only moves when a test moves it."""
    return WorldClock(real=lambda: START)


@pytest.fixture(scope="session")
def demo_key() -> DemoKey:
    return make_demo_key()


@pytest.fixture
def service(tiny_world, still_clock, demo_key) -> YandexService:
    return YandexService(tiny_world, still_clock, Store(), demo_key)
