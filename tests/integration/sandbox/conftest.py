"""The API server on a real socket, over a world of thirty hits, in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import jwt
import pytest

from povod.sandbox.clock import WorldClock
from povod.sandbox.control import Pieces, build_app
from povod.sandbox.listener import Listener
from povod.sandbox.openai import Model
from povod.sandbox.world.model import Hit, World
from povod.sandbox.yandex.app import YandexService
from povod.sandbox.yandex.iam import ACCOUNT_ID, AUDIENCE, KEY_ID, make_demo_key
from povod.sandbox.yandex.store import Store


class ThirtyHits(World):
    """The same thirty documents for any query."""

    def __init__(self) -> None:
        super().__init__(7, [])

    def search(self, query_text: str, region: str) -> list[Hit]:
        return [_hit(number) for number in range(30)]

    def correction(self, query_text: str) -> str | None:
        return None


def _hit(number: int) -> Hit:
    host = f"firm{number}.example"
    title = f"<hlword>Окна</hlword> {number}"
    return Hit(
        url=f"https://{host}/", domain=host, title_xml=title, passages_xml=["текст"],
        headline_xml="", modtime="20260101T000000", size=1, charset="utf-8", lang="ru",
        doc_id=f"Z{number}", group_name=host, doc_count=1,
    )  # fmt: skip


class Api:
    """The running server and the calls that the tests make of it."""

    def __init__(self, url: str, key) -> None:
        self.url = url
        self.key = key
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=5)

    def control(self, method: str, path: str, body=None):
        return self.http.request(method, f"/sandbox{path}", json=body).raise_for_status().json()

    def fault(self, kind: str, **spec) -> None:
        self.control("POST", "/yandex/faults", {"kind": kind, **spec})

    def entries(self, kind: str = "") -> list[dict]:
        return self.control("GET", f"/yandex/ledger?kind={kind}")["entries"]

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance_seconds": seconds})

    def token(self) -> str:
        """An IAM token got with a JWT signed by the demo key."""
        now = int(httpx_date(self.http.get("/yandex/operation/operations/x")))
        claims = {"iss": ACCOUNT_ID, "aud": AUDIENCE, "iat": now - 5, "exp": now + 3595}
        private = self.key.document["private_key"]
        pem = private[private.index("-----BEGIN") :]
        text = jwt.encode(claims, pem, "PS256", headers={"kid": KEY_ID})
        answer = self.http.post("/yandex/iam/iam/v1/tokens", json={"jwt": text})
        return answer.raise_for_status().json()["iamToken"]

    def create(self, text: str = "окна", *, headers=None, **fields) -> httpx.Response:
        query = {"searchType": "SEARCH_TYPE_RU", "queryText": text, "page": "0"}
        body = {"query": query, "folderId": "b1gsandbox0000000000", **fields}
        headers = {"Authorization": "Api-Key sandbox-key", **(headers or {})}
        return self.http.post("/yandex/search/v2/web/searchAsync", json=body, headers=headers)

    def read(self, operation_id: str, suffix: str = "", method: str = "GET") -> httpx.Response:
        path = f"/yandex/operation/operations/{operation_id}{suffix}"
        return self.http.request(method, path, headers={"Authorization": "Api-Key sandbox-key"})


def httpx_date(response: httpx.Response) -> float:
    """Seconds since the epoch of a response's Date header."""
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(response.headers["date"]).timestamp()


class Running:
    """One server in a thread; can be stopped and started again over the same state file."""

    def __init__(self, state: Path, key, port: int = 0) -> None:
        self._started = threading.Event()
        self._state, self._key, self._port = state, key, port
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(10)
        self.api = Api(self.url, key)

    async def _serve(self) -> None:
        store = Store(self._state)
        clock = WorldClock(
            store.recall("shift_seconds", 0), on_change=lambda s: store.remember("shift_seconds", s)
        )
        yandex = YandexService(ThirtyHits(), clock, store, self._key)
        sites = SimpleNamespace(http_port=1, https_port=2, ca_pem="", log=[], where=None)
        mail = SimpleNamespace(smtp_port=3, imap_port=4, ledger=[], faults=[])
        pieces = Pieces(yandex.world, clock, yandex, Model(), sites, mail)
        listener = Listener(build_app(pieces), self._port)
        await listener.begin()
        self.url, self._loop, self._end = listener.url, asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._end.wait()
        await listener.close()
        store.close()

    def stop(self) -> None:
        self.api.http.close()
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)


@pytest.fixture(scope="session")
def signing_key():
    return make_demo_key()


@pytest.fixture
def start_api(tmp_path, signing_key):
    """Starts servers over one state file; all are stopped at the end of the test."""
    running: list[Running] = []

    def start(port: int = 0) -> Running:
        running.append(Running(tmp_path / "state.sqlite3", signing_key, port))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory, signing_key) -> Iterator[Running]:
    server = Running(tmp_path_factory.mktemp("sandbox") / "state.sqlite3", signing_key)
    yield server
    server.stop()


@pytest.fixture
def api(shared_server) -> Api:
    """A server without operations, faults or ledger."""
    shared_server.api.control("POST", "/yandex/reset")
    shared_server.api.control("DELETE", "/openai/mode")
    return shared_server.api
