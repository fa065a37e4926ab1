"""From imported niches to companies: the steps one after another, against the service."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from povod.store.files import get_file
from povod.store.tables import companies, company_domains, serp_operations, serp_results


def test_a_night_turns_niches_into_companies(night):
    night.import_niches()
    night.until_due()
    sent = night.submit()
    assert (sent.sent, sent.unknown, sent.failed) == (3, 0, 0)
    assert {op.status for op in night.operations()} == {"created"}
    night.advance(3700)
    assert night.poll().ready == 3
    result = night.ingest()
    assert (result.replies, result.failed) == (3, 0)
    assert result.companies_new > 10
    assert result.excluded > 0
    assert {query.status for query in night.queries()} == {"completed"}
    found = night.rows(companies)
    assert len(found) == result.companies_new
    assert len({row.canonical_domain for row in found}) == len(found)
    owned = night.rows(company_domains)
    assert {row.domain for row in owned} == {row.canonical_domain for row in found}
