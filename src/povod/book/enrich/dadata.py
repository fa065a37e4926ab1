"""The DaData service: one question by INN, within its limits (G119).

Source: dadata.ru/api/find-party, API 4.1. Ten thousand questions a day are free; the day ends at
midnight in Moscow.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from povod.book.enrich.breaker import Breaker
from povod.book.enrich.party import Party, UnavailableError, state_of
from povod.engine.quotas import Quotas
from povod.kit.clock import Clock
from povod.kit.days import midnight, next_midnight
from povod.kit.retry_after import retry_after_seconds
from povod.kit.settings.types import Limit

MOSCOW = "Europe/Moscow"
PER_SECOND = [Limit(10, 1)]
QUOTA_SECOND, QUOTA_DAY = "dadata:second", "dadata:day"
TIMEOUT = httpx.Timeout(15, connect=5)


class DaDataProvider:
    """`findById/party` over HTTP; every limit is shared by all processes."""

    name = "dadata"

    def __init__(
        self,
        base_url: str,
        key: str,
        daily_limit: int,
        quotas: Quotas,
        breaker: Breaker,
        clock: Clock,
        client: httpx.Client | None = None,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/findById/party"
        self._key, self._daily = key, daily_limit
        self._quotas, self._breaker, self._clock = quotas, breaker, clock
        self._client = client or httpx.Client(timeout=TIMEOUT, follow_redirects=False)

    def lookup(self, inn: str) -> Party | None:
        """The company, or None; `UnavailableError` when a limit is reached or the service fails."""
        self._breaker.check(self._fingerprint)
        self._take()
        question = {"query": inn, "count": 10, "branch_type": "MAIN"}
        headers = {"Authorization": f"Token {self._key}", "Accept": "application/json"}
        try:
            answer = self._client.post(self._url, json=question, headers=headers)
        except httpx.HTTPError as error:
            raise UnavailableError(f"DaData cannot be reached: {type(error).__name__}") from None
        self._judge(answer)
        return _first(inn, answer)

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self._key.encode()).hexdigest()[:16]

    def _take(self) -> None:
        now = self._clock.now()
        since = max((now - midnight(now, MOSCOW)).total_seconds(), 0.001)
        if self._quotas.take(QUOTA_DAY, [Limit(max(self._daily, 1), since)]) or not self._daily:
            wait = (next_midnight(now, MOSCOW) - now).total_seconds()
            reason = f"DADATA_DAILY_LIMIT ({self._daily}) is reached; it goes on after midnight"
            raise UnavailableError(reason, wait, lasting=True)
        wait_second = self._quotas.take(QUOTA_SECOND, PER_SECOND)
        if wait_second:
            raise UnavailableError("ten questions a second", wait_second.total_seconds())

    def _judge(self, answer: httpx.Response) -> None:
        status, now = answer.status_code, self._clock.now()
        if status == 200:
            return
        if status == 401:
            reason = "DaData refuses the key: check DADATA_API_KEY"
            self._breaker.open(reason, until=None, key=self._fingerprint)
            raise UnavailableError(reason, lasting=True)
        if status == 403:
            until = next_midnight(now, MOSCOW)
            reason = "DaData: the day's questions are used up, or the e-mail is not confirmed"
            self._breaker.open(reason, until=until, key=self._fingerprint)
            raise UnavailableError(reason, (until - now).total_seconds(), lasting=True)
        wait = retry_after_seconds(answer.headers.get("retry-after", ""), now)
        raise UnavailableError(f"DaData answers {status}", wait, lasting=status == 429)


def _first(inn: str, answer: httpx.Response) -> Party | None:
    """The suggestion for exactly this INN."""
    try:
        suggestions = answer.json()["suggestions"]
        found = [one for one in suggestions if one["data"]["inn"] == inn]
    except (ValueError, LookupError, TypeError):
        raise UnavailableError("DaData sent an answer that cannot be read") from None
    return party_of(found[0]) if found else None


def party_of(suggestion: Mapping[str, Any]) -> Party:
    """A suggestion in our words; whatever is missing is empty."""
    data = suggestion["data"]
    name, state = data.get("name") or {}, data.get("state") or {}
    management = data.get("management") or {}
    return Party(
        inn=data["inn"],
        name=name.get("short_with_opf") or suggestion.get("value") or "",
        full_name=name.get("full_with_opf") or "",
        kind=data.get("type") or "LEGAL",
        ogrn=data.get("ogrn") or "",
        kpp=data.get("kpp") or "",
        okved=data.get("okved") or "",
        okved_edition=str(data.get("okved_type") or "2014"),
        director=management.get("name") or "",
        director_post=(management.get("post") or "").lower(),
        status=state_of(state.get("status") or ""),
        registered_on=_day(state.get("registration_date")),
        address=(data.get("address") or {}).get("value") or "",
        source="dadata",
    )


def _day(milliseconds: int | None) -> str:
    if not isinstance(milliseconds, int):
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
