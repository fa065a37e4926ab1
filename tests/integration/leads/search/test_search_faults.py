"""What goes wrong between Povod and the service, and what becomes of the query (L35-L43)."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
import sqlalchemy as sa

from povod.leads.pauses import Pauses
from povod.store.tables import companies, serp_operations, serp_results

ONE = "ниша;город\nстоматология;Казань\n"


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code may catch it."""


class DyingTransport(httpx.BaseTransport):
    """Lets the n-th create reach the service, and the process dies before it hears the answer."""

    def __init__(self, nth: int) -> None:
        self._inner = httpx.HTTPTransport()
        self._left = nth

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if request.url.path.endswith("searchAsync"):
            self._left -= 1
            if self._left == 0:
                response.read()
                raise Killed
        return response


def statuses(night):
    return Counter(op.status for op in night.operations())


def test_killed_after_the_third_of_five_creates(make_night):
    """L139: two created, the third unknown, two untouched; nothing is paid a third time."""
    dying = make_night(DyingTransport(3))
    dying.import_niches("ниша\n" + "".join(f"ниша {n}\n" for n in range(5)))
    dying.until_due()
    with pytest.raises(Killed):
        dying.submit()
    assert statuses(dying) == {"created": 2, "submitting": 1}
    night = make_night()
    night.advance(121)
    assert night.submit().sent == 2, "the two that were never tried"
    assert statuses(night) == {"created": 4, "unknown": 1}
    night.advance(15 * 60)
    assert night.submit().sent == 1
    assert statuses(night) == {"created": 5, "failed": 1}
    per_body = Counter(entry["body_hash"] for entry in night.creates())
    assert sorted(per_body.values()) == [1, 1, 1, 1, 2]
    doubtful = [op for op in night.operations() if not op.cost_certain]
    assert [op.status for op in doubtful] == ["failed"]
    repeated = [op for op in night.operations() if op.query_id == doubtful[0].query_id]
    assert len({op.idempotency_key for op in repeated}) == 1
    summary = night.sandbox.get("/sandbox/yandex/ledger", kind="create")["summary"]
    assert sum((op.cost for op in night.operations()), Decimal(0)) == Decimal(summary["amount_rub"])


def test_a_lost_reply_is_unknown_and_repeated_once(night):
    night.import_niches(ONE)
    night.until_due()
    night.fault("lost_reply", match={"path": "searchAsync"}, times=2)
    assert night.submit().unknown == 1
    assert statuses(night) == {"unknown": 1}
    night.advance(14 * 60)
    assert night.submit().sent == 0, "not before a quarter of an hour"
    night.advance(2 * 60)
    assert night.submit().unknown == 1
    night.advance(3600)
    night.submit()
    last = night.operations()[-1]
    assert (last.status, last.metadata["held"]) == ("unknown", True), "now it waits for a person"
    assert len(night.creates()) == 2
    night.advance(3600)
    night.submit()
    assert len(night.creates()) == 2


def test_hold_policy_repeats_nothing(make_night):
    night = make_night(yandex_unknown_policy="hold")
    night.import_niches(ONE)
    night.until_due()
    night.fault("lost_reply", match={"path": "searchAsync"})
    night.submit()
    night.advance(3600)
    assert night.submit().sent == 0
    assert statuses(night) == {"unknown": 1}


def test_an_unreachable_service_is_left_alone_for_a_while(make_night):
    night = make_night(yandex_search_url="http://127.0.0.1:1")
    night.import_niches()
    night.until_due()
    result = night.submit()
    assert (result.sent, result.refused) == (0, 1)
    assert statuses(night) == {"not_sent": 1}
    assert {(query.status, query.attempts) for query in night.queries()} == {("pending", 0)}
    assert night.submit().paused_until == result.paused_until


@pytest.mark.parametrize("kind", ["http_429", "http_503"])
def test_a_refused_create_costs_nothing_and_is_sent_later(night, kind):
    night.import_niches()
    night.until_due()
    night.fault(kind, match={"path": "searchAsync"})
    result = night.submit()
    assert (result.sent, result.refused) == (0, 1)
    assert result.paused_until > night.clock.now()
    assert {(query.status, query.attempts) for query in night.queries()} == {("pending", 0)}
    assert night.submit().sent == 0, "paused"
    night.advance_to(result.paused_until + timedelta(seconds=1))
    assert night.submit().sent == 3
    assert statuses(night) == {"created": 3, "not_sent": 1}
    assert [op.cost for op in night.operations() if op.status == "not_sent"] == [None]


def test_a_refused_query_fails_alone(night):
    night.import_niches()
    night.until_due()
    night.fault("http_400", match={"path": "searchAsync", "text": "окна"})
    result = night.submit()
    assert (result.sent, result.failed) == (2, 1)
    failed = [query for query in night.queries() if query.status == "failed"]
    assert [query.query_text for query in failed] == ["окна Омск"]
    assert failed[0].last_error


@pytest.mark.parametrize("kind", ["http_503", "html_502", "http_504", "http_429"])
def test_one_bad_read_changes_nothing_but_the_time_of_the_next(night, kind):
    """L142."""
    night.import_niches(ONE)
    night.until_due()
    night.submit()
    night.fault(kind, match={"path": "/operations/"}, times=4)
    night.advance(3700)
    result = night.poll()
    assert (result.ready, result.failed) == (0, 0)
    assert statuses(night) == {"created": 1}
    night.sandbox.delete("/sandbox/yandex/faults")
    night.advance(900)
    assert night.poll().ready == 1
    assert night.ingest().replies == 1


@pytest.mark.parametrize("done", [True, False])
def test_an_operation_error_never_leaves_the_query_in_progress(night, done):
    """L141: code 8 is worth another try, in the next slot."""
    night.import_niches(ONE)
    night.until_due()
    night.fault("operation_error", code=8, message="quota", done=done)
    night.submit()
    night.advance(3700)
    assert night.poll().failed == 1
    [query] = night.queries()
    [operation] = night.operations()
    assert (query.status, query.attempts) == ("pending", 1)
    assert (operation.status, operation.error_code) == ("failed", "8")
    assert query.scheduled_for > operation.requested_at
    assert night.to_the_end().replies == 1


def test_attempts_end_with_the_last_reason(night):
    night.import_niches(ONE)
    night.fault("operation_error", code=13, message="internal", times=None)
    for _ in range(3):
        night.to_the_end()
    [query] = night.queries()
    assert (query.status, query.attempts) == ("failed", 3)
    assert "internal" in query.last_error
    assert len(night.creates()) == 3


def test_a_permanent_operation_error_is_not_tried_again(night):
    night.import_niches(ONE)
    night.fault("operation_error", code=3, message="bad query")
    night.to_the_end()
    assert [query.status for query in night.queries()] == ["failed"]


def test_an_operation_error_that_says_nothing_found_is_an_empty_result(night):
    night.import_niches(ONE)
    night.fault("operation_error", code=5, message="error code 15: nothing found")
    result = night.to_the_end()
    assert (result.replies, result.documents) == (1, 0)
    [query] = night.queries()
    assert (query.status, query.results_total) == ("completed", 0)


@pytest.mark.parametrize(
    ("code", "status", "attempts"),
    [(15, "completed", 1), (32, "pending", 0), (55, "pending", 1), (1, "failed", 1),
     (31, "pending", 0), (100, "failed", 1), (999, "pending", 1)],
)  # fmt: skip
def test_xml_errors_inside_a_good_answer(night, code, status, attempts):
    """L143: never completed with no hits, except by error 15."""
    night.import_niches(ONE)
    night.fault("xml_error", code=code)
    night.to_the_end()
    [query] = night.queries()
    assert (query.status, query.attempts) == (status, attempts)
    [operation] = night.operations()
    assert operation.raw_file_id is not None
    assert operation.status == ("ingested" if code == 15 else "failed")


def test_the_daily_limit_waits_for_another_night(night):
    night.import_niches(ONE)
    night.fault("xml_error", code=32)
    night.to_the_end()
    [query] = night.queries()
    assert query.scheduled_for - night.clock.now() > timedelta(hours=12)


def test_documents_that_come_with_an_error_are_kept(night):
    night.import_niches(ONE)
    night.fault("xml_error", code=55, with_documents=True)
    result = night.to_the_end()
    assert result.failed == 1
    assert result.companies_new == len(night.rows(companies)) > 0


def test_a_rate_error_halves_the_create_rate(night):
    night.import_niches(ONE)
    night.fault("xml_error", code=55)
    night.to_the_end()
    pauses = Pauses(night.db, night.clock)
    assert pauses.is_slow("yandex.create")
    night.advance(601)
    assert not pauses.is_slow("yandex.create")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("not_xml", "NotXml"), ("bad_base64", "BadBase64"), ("empty_raw", "EmptyRaw"),
     ("doctype_bomb", "ForbiddenDtd")],
)  # fmt: skip
def test_an_unreadable_reply_is_kept_raw_and_asked_again(night, kind, code):
    night.import_niches(ONE)
    night.fault(kind)
    night.to_the_end()
    [operation] = night.operations()
    assert (operation.status, operation.error_code) == ("failed", code)
    assert operation.raw_file_id is not None
    assert [query.status for query in night.queries()] == ["pending"]
    assert night.to_the_end().replies == 1


@pytest.mark.parametrize("kind", ["truncated_xml", "control_chars"])
def test_a_damaged_reply_gives_what_is_whole(night, kind):
    night.import_niches(ONE)
    night.fault(kind)
    result = night.to_the_end()
    assert (result.replies, result.failed) == (1, 0)
    [operation] = night.operations()
    assert operation.recovered
    assert 0 < len(night.rows(serp_results)) <= operation.docs_total


def test_an_operation_that_is_never_ready_expires_and_is_tried_again(night):
    night.import_niches(ONE)
    night.until_due()
    night.fault("forever_running")
    night.submit()
    night.advance(12 * 3600 + 60)
    assert night.poll().expired == 1
    assert statuses(night) == {"expired": 1}
    [query] = night.queries()
    assert (query.status, query.attempts) == ("pending", 1)


def test_a_404_is_no_result_and_is_believed_only_slowly(night):
    night.import_niches(ONE)
    night.until_due()
    night.submit()
    night.fault("unknown_after", seconds=0)
    outcomes = []
    for _ in range(5):
        night.advance(400)
        outcomes.append(night.poll())
    assert [result.expired for result in outcomes] == [0, 0, 0, 1, 0]
    assert [query.status for query in night.queries()] == ["pending"]


def test_the_newest_ready_operation_among_many_is_read_in_its_turn(night):
    """L144 in small: those with little time first, then by the time they are due."""
    night.import_niches("ниша\n" + "".join(f"ниша {n}\n" for n in range(6)))
    night.until_due()
    night.submit()
    with night.db.tx() as conn:
        oldest = night.operations()[0].id
        soon = night.clock.now() + timedelta(hours=1) + timedelta(seconds=3700)
        here = serp_operations.c.id == oldest
        later = {"next_poll_at": night.clock.now() + timedelta(seconds=3600)}
        conn.execute(sa.update(serp_operations).where(here).values(expires_at=soon, **later))
    night.advance(3700)
    result = night.poll()
    assert (result.read, result.ready, result.at_risk) == (6, 6, 1)
    reads = night.sandbox.get("/sandbox/yandex/ledger", kind="read")["entries"]
    first = next(op for op in night.operations() if op.id == oldest)
    assert reads[0]["operation_id"] == first.operation_id
