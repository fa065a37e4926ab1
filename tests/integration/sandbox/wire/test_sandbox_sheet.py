"""The imitated Google Sheet with the library that Povod uses."""

import json
from pathlib import Path

import gspread
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.service_account import Credentials
from gspread.http_client import HTTPClient

SCOPES = [
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive.readonly",
]
ROWS = [["niche", "city", "country"], ["окна", "Казань", "RU"], ["=1+1", "", "RU"]]


def client(box, scopes=SCOPES, **changes):
    environ = box.sheet_environ()
    info = json.loads(Path(environ["GOOGLE_SA_KEY_FILE"]).read_text()) | changes

    class Here(HTTPClient):
        def request(self, method, endpoint, *args, **given):
            path = endpoint.split("googleapis.com", 1)[1]
            return super().request(method, environ["GOOGLE_API_BASE_URL"] + path, *args, **given)

    credentials = Credentials.from_service_account_info(info, scopes=scopes)
    return gspread.authorize(credentials, http_client=Here)


@pytest.fixture
def book(box):
    box.post("/sandbox/sheets/own", {"tab": "NICHES_INPUT", "values": ROWS})
    box.delete("/sandbox/sheets/own/faults")
    return client(box).open_by_key("own")


def test_rows_are_read_as_text(book):
    sheet = book.worksheet("NICHES_INPUT")
    assert sheet.get_all_values() == [ROWS[0], ROWS[1], ["=1+1", "", "RU"]]
    assert sheet.row_values(2) == ROWS[1]
    assert book.title == "own"


def test_cells_are_written_in_one_batch(book, box):
    sheet = book.worksheet("NICHES_INPUT")
    sheet.batch_update(
        [{"range": "D1:E1", "values": [["status", "note"]]}, {"range": "D2", "values": [["ok"]]}],
        raw=True,
    )
    sheet.update([["Уфа"]], "B3")
    sheet.append_row(["двери", "Пермь", "RU"])
    assert box.get("/sandbox/sheets/own")["tabs"]["NICHES_INPUT"] == [
        ["niche", "city", "country", "status", "note"],
        ["окна", "Казань", "RU", "ok"],
        ["=1+1", "Уфа", "RU"],
        ["двери", "Пермь", "RU"],
    ]


def test_tabs_and_columns_can_be_added(book):
    made = book.add_worksheet("Итоги", rows=10, cols=3)
    made.add_cols(2)
    assert [sheet.title for sheet in book.worksheets()] == ["NICHES_INPUT", "Итоги"]
    assert book.worksheet("Итоги").get_all_values() == [[]]


def test_somebody_moves_rows_between_two_reads(book, box):
    sheet = book.worksheet("NICHES_INPUT")
    moved = [ROWS[0], ROWS[2], ROWS[1]]
    box.post("/sandbox/sheets/own", {"values": moved, "after_reads": 1})
    assert sheet.get("A2:C2") == [ROWS[1]]
    assert sheet.get("A2:C2") == [ROWS[2]]


def test_quotas_and_lost_sheets(book, box):
    box.post("/sandbox/sheets/own/faults", {"kind": "http_429", "retry_after": "2"})
    with pytest.raises(gspread.exceptions.APIError, match="429"):
        book.worksheet("NICHES_INPUT").get_all_values()
    assert book.worksheet("NICHES_INPUT").get_all_values()
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        client(box).open_by_key("nothing").worksheets()
    with pytest.raises(gspread.exceptions.APIError, match="parse range"):
        book.values_get("Нет!A1")


@pytest.mark.parametrize(
    "given", [{"client_email": "who@else"}, {"scopes": ["https://www.googleapis.com/auth/drive"]}]
)
def test_tokens_are_given_to_the_right_account_only(box, given):
    scopes = given.get("scopes", SCOPES)
    changes = {name: value for name, value in given.items() if name != "scopes"}
    with pytest.raises(RefreshError):
        client(box, scopes, **changes).open_by_key("own")


def test_the_default_sheet_is_there(box):
    sheet = client(box).open_by_key(box.sheet_environ()["GOOGLE_SHEET_ID"])
    assert sheet.worksheet("NICHES_INPUT").row_values(1)[:2] == ["niche", "city"]
