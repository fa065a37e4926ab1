from datetime import UTC, datetime

import pytest

from povod.kit.retry_after import retry_after_seconds

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("120", 120),
        (" 5 ", 5),
        ("-3", 0),
        ("завтра", 0),
        ("Fri, 20 Nov 2026 12:01:30 GMT", 90),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("99999999", 86_400),
        ("9" * 5000, 86_400),
        ("²", 0),
        ("١٢", 0),
        ("Fri, 20 Nov 99999999999999999999 12:01:30 GMT", 0),
        ("Fri, 20 Nov 2026 12:01:30 +999999999999999999", 0),
        ("Fri, 20 Nov 2026 15:01:30 +0300", 90),
    ],
)
def test_both_forms(value: str, seconds: float) -> None:
    assert retry_after_seconds(value, NOW) == seconds
