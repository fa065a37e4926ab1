"""The sheet's tab through gspread: metadata, values, one batch of cells (L9, L10).

The library is imported by whoever opens a sheet, nowhere else: it is heavy and seldom needed.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

import structlog
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.oauth2.service_account import Credentials
from gspread.exceptions import APIError
from gspread.http_client import HTTPClient
from gspread.utils import absolute_range_name, rowcol_to_a1
from requests import RequestException

from povod.kit.errors import ConfigurationError, ExternalError
from povod.kit.retry_after import retry_after_seconds
from povod.kit.settings import Settings
from povod.kit.settings.load import read_secret
from povod.leads.sheets.grid import CellWrite

log = structlog.get_logger(__name__)

SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive.readonly",
)
WAITS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds before each further try of a call that may succeed later."""

TIMEOUT = (10.0, 60.0)
CELLS_PER_CALL = 5000
MAX_DETAIL = 200

Sleep = Callable[[float], None]


class _Client(HTTPClient):
    """Google's client with another scheme and host in front of Google's paths."""

    base_url = ""

    def request(self, method: str, endpoint: str, *args: Any, **given: Any) -> Any:
        """Ask the host of GOOGLE_API_BASE_URL when there is one."""
        if self.base_url:
            endpoint = self.base_url.rstrip("/") + endpoint.split("googleapis.com", 1)[1]
        return super().request(method, endpoint, *args, **given)


@dataclass
class GoogleTab:
    """One tab of a spreadsheet. Every call is tried again while the service is merely busy."""

    sheet_id: str
    title: str
    account: str
    client: HTTPClient
    sleep: Sleep = time.sleep
    waits: Sequence[float] = WAITS
    _grid: dict[str, Any] = field(default_factory=dict)

    def open(self) -> "GoogleTab":
        """Find the tab; `ConfigurationError` says what cannot be reached and why."""
        about = self._call(lambda: self.client.fetch_sheet_metadata(self.sheet_id))
        tabs = {tab["properties"]["title"]: tab["properties"] for tab in about.get("sheets", [])}
        if self.title not in tabs:
            raise ConfigurationError(
                f"GOOGLE_SHEET_TAB: the spreadsheet has no tab {self.title!r}; it has: "
                f"{', '.join(map(repr, tabs)) or 'none'}"
            )
        self._grid = tabs[self.title]
        return self

    def read(self) -> list[list[str]]:
        """Everything that stands in the tab, as it is shown."""
        quoted = absolute_range_name(self.title)
        answer = self._call(lambda: self.client.values_get(self.sheet_id, quoted))
        return [[str(cell) for cell in row] for row in answer.get("values", [])]

    def write(self, cells: Sequence[CellWrite]) -> int:
        """Write cells as they are, never as formulas; neighbours in a row share a range."""
        self._make_room(max((cell.column for cell in cells), default=0))
        for part in _parts(cells):
            body = {"valueInputOption": "RAW", "data": _ranges(self.title, part)}
            self._call(partial(self.client.values_batch_update, self.sheet_id, body))
        return len(cells)

    def _make_room(self, columns: int) -> None:
        """Columns that the tab does not have yet."""
        missing = columns - int(self._grid.get("gridProperties", {}).get("columnCount", columns))
        if missing <= 0:
            return
        dimension = {"sheetId": self._grid["sheetId"], "dimension": "COLUMNS", "length": missing}
        body = {"requests": [{"appendDimension": dimension}]}
        self._call(lambda: self.client.batch_update(self.sheet_id, body))
        self._grid["gridProperties"]["columnCount"] = columns

    def _call(self, action: Callable[[], Any]) -> Any:
        """The answer of the service after as many tries as `waits` allow, and one."""
        for wait in (*self.waits, None):
            try:
                return action()
            except APIError as error:
                trouble, least = self._refused(error), _told_wait(error)
            except RefreshError as error:
                if not error.retryable:
                    raise _bad_key(error) from None
                trouble, least = _busy(error), 0.0
            except (TransportError, RequestException) as error:
                trouble, least = _busy(error), 0.0
            if wait is None:
                raise trouble
            log.warning("sheet.again", reason=str(trouble), wait=wait)
            self.sleep(min(max(wait, least), WAITS[-1]))
        raise AssertionError("the last try returns or raises")

    def _refused(self, error: APIError) -> ExternalError:
        """What to say when the service is busy; raises when asking again cannot help."""
        status, detail = error.response.status_code, _detail(error)
        if status == 429 or status >= 500:
            return ExternalError(f"Google Sheets answers {status}: {detail}; it is tried again")
        if status == 403:
            raise ConfigurationError(
                f"GOOGLE_SHEET_ID: no access to the spreadsheet {self.sheet_id!r}: share it with "
                f"{self.account} as editor, and enable the Google Sheets API for the account's "
                f"project (Google says: {detail})"
            )
        if status == 404:
            raise ConfigurationError(
                f"GOOGLE_SHEET_ID: there is no spreadsheet {self.sheet_id!r}; copy the part "
                "between /d/ and /edit of its address"
            )
        if status == 401:
            raise ConfigurationError(
                f"GOOGLE_SA_KEY_FILE: Google does not accept the token of {self.account}; "
                "make a new key for the service account"
            )
        raise ExternalError(f"Google Sheets refuses with {status}: {detail}")


def open_tab(
    settings: Settings, sleep: Sleep = time.sleep, waits: Sequence[float] = WAITS
) -> GoogleTab:
    """The tab that the settings name; `ConfigurationError` names the variable to correct."""
    if not settings.google_sheet_id:
        raise ConfigurationError(
            "GOOGLE_SHEET_ID: not set. Give the part between /d/ and /edit of the sheet's "
            "address; for example GOOGLE_SHEET_ID=1AbC…"
        )
    variable, info = _key(settings)
    try:
        credentials = Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
    except (ValueError, GoogleAuthError) as error:
        raise ConfigurationError(
            f"{variable}: not a usable key of a Google service account: "
            f"{str(error)[:MAX_DETAIL]}. Download the JSON key again"
        ) from None
    client = _Client(credentials)
    client.base_url = settings.google_api_base_url
    client.set_timeout(TIMEOUT)
    account = str(info["client_email"])
    tab = GoogleTab(
        settings.google_sheet_id, settings.google_sheet_tab, account, client, sleep, waits
    )
    return tab.open()


def _key(settings: Settings) -> tuple[str, Mapping[str, Any]]:
    """The key's JSON object and the variable that it came from."""
    if settings.google_sa_key_file is not None:
        name = "GOOGLE_SA_KEY_FILE"
        text = read_secret("GOOGLE_SA_KEY", settings.google_sa_key_file)
    elif settings.google_sa_key_json:
        name, text = "GOOGLE_SA_KEY_JSON", settings.google_sa_key_json.get_secret_value()
    else:
        raise ConfigurationError(
            "GOOGLE_SA_KEY_FILE: no key for the sheet. Give the path of the service account's "
            "JSON key, or its text as GOOGLE_SA_KEY_JSON"
        )
    try:
        info = json.loads(text)
    except ValueError:
        info = None
    if not isinstance(info, Mapping):
        raise ConfigurationError(
            f"{name}: expected the JSON object that Google gave for the service account"
        )
    return name, info


def _parts(cells: Sequence[CellWrite]) -> Iterator[list[CellWrite]]:
    """As many cells as one call takes; a row is never split, for a call is all or nothing."""
    part: list[CellWrite] = []
    for _, group in groupby(sorted(cells, key=attrgetter("row")), key=attrgetter("row")):
        row = list(group)
        if part and len(part) + len(row) > CELLS_PER_CALL:
            yield part
            part = []
        part += row
    if part:
        yield part


def _ranges(title: str, cells: Sequence[CellWrite]) -> list[dict[str, Any]]:
    """Cells side by side as one range each."""
    ranges: list[dict[str, Any]] = []
    last: CellWrite | None = None
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
        if last is not None and (last.row, last.column + 1) == (cell.row, cell.column):
            ranges[-1]["values"][0].append(cell.value)
        else:
            corner = absolute_range_name(title, rowcol_to_a1(cell.row, cell.column))
            ranges.append({"range": corner, "values": [[cell.value]]})
        last = cell
    return ranges


def _detail(error: APIError) -> str:
    return str(error.error.get("message", ""))[:MAX_DETAIL]


def _told_wait(error: APIError) -> float:
    return retry_after_seconds(error.response.headers.get("Retry-After", ""))


def _busy(error: Exception) -> ExternalError:
    return ExternalError(
        f"Google Sheets cannot be reached: {type(error).__name__}: {str(error)[:MAX_DETAIL]}"
    )


def _bad_key(error: RefreshError) -> ConfigurationError:
    return ConfigurationError(
        "GOOGLE_SA_KEY_FILE: Google gives no token for this key: "
        f"{str(error)[:MAX_DETAIL]}. Check the machine's clock, or make a new key"
    )
