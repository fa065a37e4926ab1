"""The `firecrawl` fetcher: a paid service that renders pages elsewhere (S56)."""

import time

from pydantic import SecretStr

from povod.crawl.fetch.addresses import PUBLIC_ONLY
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.hops import check_end, check_sent
from povod.crawl.fetch.request import FetchRequest, FirecrawlOptions
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.fetch.service import ServiceAnswer, ServiceClient, ServiceError
from povod.kit.guard import AddressGuard

OWN_TIMEOUT_S = 75.0
_NEXT_KEY = frozenset({401, 402, 429})


class FirecrawlFetcher:
    """Asks the service for the raw page, never for one of its cache; keys take turns."""

    name = "firecrawl"

    def __init__(
        self,
        client: ServiceClient,
        url: str,
        *,
        guard: AddressGuard = PUBLIC_ONLY,
        key: SecretStr | None = None,
        timeout_s: float = OWN_TIMEOUT_S,
    ) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/v2/scrape"
        self._guard = guard
        self._keys = (key,) if key is not None else ()
        self._timeout_s = timeout_s

    @property
    def has_key(self) -> bool:
        """Whether the house has a key of its own."""
        return bool(self._keys)

    async def fetch(self, request: FetchRequest) -> Response:
        """The page as the service saw it; the bytes are the service's, we count requests."""
        options = request.firecrawl or FirecrawlOptions()
        address, _ = check_sent(request, self._guard)
        started = time.monotonic()
        answer = await self._ask(request, address, options)
        data = answer.data.get("data")
        if (
            answer.status != 200
            or answer.data.get("success") is False
            or not isinstance(data, dict)
        ):
            reason = str(answer.data.get("error") or "no page in the answer")[:200]
            raise FetchError(
                FailureClass.BOT_BLOCK, request.url, f"Firecrawl: status {answer.status}: {reason}"
            )
        return self._response(request, data, time.monotonic() - started)

    async def _ask(
        self, request: FetchRequest, address: str, options: FirecrawlOptions
    ) -> ServiceAnswer:
        body = {
            "url": address,
            "formats": ["rawHtml"],
            "onlyMainContent": False,
            "maxAge": options.max_age_ms,
            "skipTlsVerification": False,
            "zeroDataRetention": options.zero_data_retention,
            "timeout": round(min(request.timeout_s, self._timeout_s) * 1000),
        }
        keys = options.keys or self._keys
        if not keys:
            raise FetchError(FailureClass.BOT_BLOCK, request.url, "Firecrawl: no key")
        answer = ServiceAnswer(0, {})
        for key in keys:
            try:
                answer = await self._client.post(
                    self._url, body, timeout_s=self._timeout_s, key=key.get_secret_value()
                )
            except ServiceError as error:
                detail = f"Firecrawl: {error}"[:300]
                raise FetchError(FailureClass.BOT_BLOCK, request.url, detail) from None
            if answer.status not in _NEXT_KEY:
                break
        return answer

    def _response(self, request: FetchRequest, data: dict[str, object], elapsed: float) -> Response:
        meta = data.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        ended = str(meta.get("url") or meta.get("sourceURL") or request.url)
        final = check_end(ended, request, self._guard)
        raw = str(data.get("rawHtml") or "").encode()
        return Response(
            url=request.url,
            final_url=final,
            status=int(meta.get("statusCode") or 200),
            headers={"content-type": "text/html; charset=utf-8"},
            body=raw[: request.max_body],
            elapsed=elapsed,
            truncated=len(raw) > request.max_body,
            via=request.step,
        )
