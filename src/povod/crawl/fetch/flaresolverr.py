"""The `flaresolverr` fetcher: a service that opens pages in a browser of its own (S55).

What it solved is of use to the plain fetcher: cookies and user agent go to the same site at the
same tier, and nowhere else.
"""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import structlog
from yarl import URL

from povod.crawl.fetch.addresses import PUBLIC_ONLY
from povod.crawl.fetch.cookies import CookieStore
from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.hops import check_end, check_sent
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.fetch.service import ServiceClient, ServiceError
from povod.crawl.fetch.tickets import Ticket
from povod.crawl.policies import FlareSolverrPolicy
from povod.crawl.proxies.model import Proxy
from povod.kit.guard import AddressGuard

log = structlog.get_logger()

OWN_TIMEOUT_S = 75.0
PROBE_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 30.0


@dataclass(slots=True)
class _Session:
    """A browser session of the service for one site at one tier."""

    name: str
    proxy_id: str
    until: float
    ticket: Ticket | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class FlareSolverrFetcher:
    """Sessions by (host, tier), a probe in the background, the success ratio counted."""

    name = "flaresolverr"

    def __init__(
        self,
        client: ServiceClient,
        url: str,
        rules: FlareSolverrPolicy,
        *,
        egress: EgressProxy,
        cookies: CookieStore,
        guard: AddressGuard = PUBLIC_ONLY,
        max_timeout_ms: int = 60_000,
        advertise: str = "",
        timeout_s: float = OWN_TIMEOUT_S,
    ) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._rules = rules
        self._egress = egress
        self._cookies = cookies
        self._guard = guard
        self._max_timeout_ms = max_timeout_ms
        self._advertise = advertise
        self._timeout_s = timeout_s
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._slots = asyncio.Semaphore(rules.at_once)
        self._opening = asyncio.Lock()
        self._probing: asyncio.Task[None] | None = None
        self._failed_probes = 0
        self._off_until = 0.0
        self.solved = 0
        self.failed = 0

    async def __aenter__(self) -> Self:
        self._probing = asyncio.create_task(self._probe_for_ever())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        await self.end_job()

    @property
    def is_on(self) -> bool:
        """Whether the service may be asked: not while it is switched off after failed probes."""
        return time.monotonic() >= self._off_until

    @property
    def success_ratio(self) -> float | None:
        """Pages solved of pages asked for; None before the first."""
        asked = self.solved + self.failed
        return self.solved / asked if asked else None

    async def probe(self) -> bool:
        """Ask for the service's health; several failures switch it off for a while."""
        try:
            answer = await self._client.get(f"{self._url}/health", timeout_s=PROBE_TIMEOUT_S)
            healthy = answer.status == 200
        except ServiceError:
            healthy = False
        self._failed_probes = 0 if healthy else self._failed_probes + 1
        if healthy:
            self._off_until = 0.0
        elif self._failed_probes >= self._rules.probe_failures:
            self._failed_probes = 0
            self._off_until = time.monotonic() + self._rules.off_s
            log.warning("flaresolverr.off", seconds=self._rules.off_s)
        return healthy

    async def fetch(self, request: FetchRequest) -> Response:
        """The page as the service's browser saw it."""
        address, host = check_sent(request, self._guard)
        started = time.monotonic()
        async with self._slots:
            async with self._opening:
                session = await self._session(host, request)
            async with session.lock:
                if session.ticket is not None:
                    session.ticket.begin(request.allowance)
                    before = session.ticket.bytes_in, session.ticket.bytes_out
                else:
                    before = 0, 0
                try:
                    solution = await self._solve(request, address, session)
                except FetchError as error:
                    self.failed += 1
                    self._count(error, session, before)
                    raise
        self.solved += 1
        return self._response(request, solution, session, before, time.monotonic() - started)

    async def end_job(self, hosts: Collection[str] = ()) -> None:
        """Destroy the sessions of these sites, or all when none is named."""
        for key in [key for key in self._sessions if not hosts or key[0] in hosts]:
            await self._destroy(self._sessions.pop(key))

    async def _solve(
        self, request: FetchRequest, address: str, session: _Session
    ) -> dict[str, Any]:
        """The solution; one more try after a failure of the service itself."""
        body: dict[str, Any] = {
            "cmd": "request.get",
            "url": address,
            "maxTimeout": self._max_timeout_ms,
            "session": session.name,
        }
        detail = ""
        for _ in range(self._rules.retries + 1):
            try:
                answer = await self._client.post(f"{self._url}/v1", body, timeout_s=self._timeout_s)
            except ServiceError as error:
                detail = str(error)
                continue
            finally:
                _check_budget(request, session)
            solution = answer.data.get("solution")
            if answer.data.get("status") == "ok" and isinstance(solution, dict):
                return solution
            detail = str(answer.data.get("message") or f"status {answer.status}")
        raise FetchError(FailureClass.BOT_BLOCK, request.url, f"FlareSolverr: {detail}"[:300])

    async def _session(self, host: str, request: FetchRequest) -> _Session:
        """The session of this site and tier, made anew when it is old or its proxy has changed."""
        key = (host.removeprefix("www."), request.step.tier)
        proxy_id = request.proxy.id if request.proxy else ""
        known = self._sessions.get(key)
        if known and known.proxy_id == proxy_id and time.monotonic() < known.until:
            return known
        if known is not None:
            del self._sessions[key]
            await self._destroy(known)
        session = _Session(
            name=f"povod-{'-'.join(key)}-{time.monotonic_ns()}",
            proxy_id=proxy_id,
            until=time.monotonic() + self._rules.session_ttl_s,
        )
        body: dict[str, Any] = {"cmd": "sessions.create", "session": session.name}
        proxy = self._proxy(request, session)
        if proxy:
            body["proxy"] = proxy
        try:
            await self._client.post(f"{self._url}/v1", body, timeout_s=COMMAND_TIMEOUT_S)
        except ServiceError as error:
            detail = f"FlareSolverr: {error}"[:300]
            raise FetchError(FailureClass.BOT_BLOCK, request.url, detail) from None
        self._sessions[key] = session
        return session

    def _proxy(self, request: FetchRequest, session: _Session) -> dict[str, str] | None:
        """The way out that the service is given: our counting proxy, else the bought one."""
        if self._advertise and self._egress.is_advertised:
            ticket = Ticket(upstream=request.proxy, ports=request.ports)
            session.ticket = self._egress.admit(ticket)
            return {
                "url": f"http://{self._advertise}",
                "username": ticket.name,
                "password": ticket.token,
            }
        return _bought(request.proxy) if request.proxy else None

    async def _destroy(self, session: _Session) -> None:
        if session.ticket is not None:
            self._egress.dismiss(session.ticket)
        body = {"cmd": "sessions.destroy", "session": session.name}
        try:
            await self._client.post(f"{self._url}/v1", body, timeout_s=COMMAND_TIMEOUT_S)
        except ServiceError as error:
            log.info("flaresolverr.session_left", error=str(error))

    def _response(
        self,
        request: FetchRequest,
        solution: dict[str, Any],
        session: _Session,
        before: tuple[int, int],
        elapsed: float,
    ) -> Response:
        raw = str(solution.get("response") or "").encode()
        ticket = session.ticket
        bytes_in = ticket.bytes_in - before[0] if ticket else len(raw)
        bytes_out = ticket.bytes_out - before[1] if ticket else 0
        try:
            final = check_end(str(solution.get("url") or request.url), request, self._guard)
        except FetchError as error:
            error.bytes_in, error.bytes_out, error.estimated = bytes_in, bytes_out, ticket is None
            raise
        self._share(request, final, solution)
        return Response(
            url=request.url,
            final_url=final,
            status=int(solution.get("status") or 200),
            headers=_fields(solution),
            body=raw[: request.max_body],
            elapsed=elapsed,
            wire_bytes=bytes_in,
            bytes_out=bytes_out,
            truncated=len(raw) > request.max_body,
            via=request.step,
            proxy_id=request.proxy.id if request.proxy else "",
            estimated=ticket is None,
        )

    def _share(self, request: FetchRequest, final: str, solution: dict[str, Any]) -> None:
        """Cookies and user agent for `http` at the same site and tier."""
        cookies = solution.get("cookies")
        agent = str(solution.get("userAgent") or "")
        if isinstance(cookies, list) and cookies:
            good = [item for item in cookies if isinstance(item, dict)]
            url = URL(final, encoded=True)
            self._cookies.clear(url, request.step.tier, good, agent, self._rules.session_ttl_s)

    @staticmethod
    def _count(error: FetchError, session: _Session, before: tuple[int, int]) -> None:
        ticket = session.ticket
        error.estimated = ticket is None
        if ticket is not None:
            error.bytes_in = ticket.bytes_in - before[0]
            error.bytes_out = ticket.bytes_out - before[1]

    async def _probe_for_ever(self) -> None:
        while True:
            await self.probe()
            await asyncio.sleep(self._rules.probe_every_s)


def _check_budget(request: FetchRequest, session: _Session) -> None:
    """A page whose bytes ran out is none, whatever the service makes of it."""
    if session.ticket is not None and session.ticket.is_exhausted:
        raise FetchError(FailureClass.BUDGET, request.url, "no bytes left")


def _bought(proxy: Proxy) -> dict[str, str]:
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    given = {"url": f"{proxy.scheme}://{host}:{proxy.port}"}
    if proxy.username:
        given |= {"username": proxy.username, "password": proxy.password}
    return given


def _fields(solution: dict[str, Any]) -> dict[str, str]:
    """The answer's fields; the page itself is text already, so its charset is ours."""
    headers = solution.get("headers")
    fields = (
        {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    )
    kind = fields.get("content-type", "text/html").partition(";")[0].strip() or "text/html"
    kept = {name: value for name, value in fields.items() if name != "content-encoding"}
    return {**kept, "content-type": f"{kind}; charset=utf-8"}
