"""S16: what may be asked of a job."""

import pytest

from povod.sites.options import InvalidOption, JobOptions


def test_defaults_are_those_of_the_specification():
    options = JobOptions.parse({})
    assert (options.max_urls, options.max_concurrency, options.traffic_budget_mb) == (10000, 2, 100)
    assert (options.url_timeout_s, options.verify_removed, options.min_coverage) == (45, 200, 0.95)
    assert (options.deadline_min, options.incremental, options.only_uploaded) == (1440, True, True)
    assert not (options.allow_residential)
    assert not (options.enable_firecrawl)
    assert not (options.keep_html)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"speed": 9}, "speed"),
        ({"max_urls": 0}, "max_urls"),
        ({"max_urls": 200_001}, "max_urls"),
        ({"max_concurrency": 11}, "max_concurrency"),
        ({"min_coverage": float("nan")}, "min_coverage"),
        ({"sort": "random"}, "sort"),
        ({"label": "я" * 121}, "label"),
        ({"fetchers": ["telnet"]}, "fetchers.0"),
        ({"limits": {"mb": 5}, "traffic_budget_mb": 6}, "limits.mb"),
        ({"limits": {"seconds": 5}}, "limits.seconds"),
        ({"limits": 5}, "limits"),
    ],
)
def test_what_is_wrong_is_named(given, field):
    with pytest.raises(InvalidOption) as refused:
        JobOptions.parse(given)
    assert refused.value.field == field
    assert refused.value.code == "invalid_option"
    assert str(refused.value).startswith(f"options.{field}: ")


def test_the_nested_limits_are_another_spelling():
    options = JobOptions.parse({"limits": {"mb": 7, "concurrency": 3}, "max_concurrency": 3})
    assert (options.traffic_budget_mb, options.max_concurrency) == (7, 3)


def test_secrets_are_never_stored_or_shown():
    options = JobOptions.parse({"firecrawl_api_key": "fc-secret", "enable_firecrawl": True})
    shown = options.public(firecrawl_key_set=True)
    assert "fc-secret" not in f"{options!r}{options.stored()}{shown}"
    assert shown["firecrawl_key_set"] is True
    assert JobOptions.parse(options.stored()) == JobOptions.parse({"enable_firecrawl": True})


@pytest.mark.parametrize(
    ("kind", "given", "complete"),
    [
        ("list", None, False), ("sitemap_url", None, True), ("discover", None, True),
        ("list", True, True), ("sitemap_file", False, False),
    ],
)  # fmt: skip
def test_whether_a_list_is_complete(kind, given, complete):
    assert JobOptions.parse({"list_is_complete": given}).is_complete_by_default(kind) is complete
