"""What a site asks of crawlers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.robots import MAX_BYTES, RobotsRules

AGENT = "PovodBot"
HEADER = "Mozilla/5.0 (compatible; PovodBot/1.0; +https://povod.example/bot)"


def allows(body, url="https://firma.ru/catalog/1", agent=AGENT):
    return RobotsRules.parse(body).allows(agent, url)


def test_no_rules_allow_all():
    assert allows("")
    assert allows(b"")
    assert allows("<html><body>404</body></html>")


def test_the_own_group_beats_the_star():
    body = "User-agent: *\nDisallow: /\n\nUser-agent: povodbot\nDisallow: /private\n"
    assert allows(body)
    assert not allows(body, "/private/x")
    assert not allows(body, agent="OtherBot")


@pytest.mark.parametrize("agent", [AGENT, "povodbot", "PovodBot/1.0", HEADER])
def test_the_agent_is_a_token_or_a_whole_header(agent):
    body = "User-agent: PovodBot\nDisallow: /catalog\nUser-agent: *\nAllow: /\n"
    assert not allows(body, agent=agent)


def test_words_without_a_version_are_no_agent():
    body = "User-agent: Povod\nAllow: /\nUser-agent: *\nDisallow: /\n"
    assert not allows(body, agent="Povod Bot")
    assert not allows(body, agent="")


def test_an_agent_line_ends_at_its_token():
    assert not allows("User-agent: PovodBot/2.0 # ours\nDisallow: /\n")
    assert not allows("User-agent: PovodBot the great\nDisallow: /\n")


def test_unknown_lines_do_not_part_a_group():
    body = "User-agent: PovodBot\nClean-param: utm_source /\nUser-agent: other\nDisallow: /\n"
    assert not allows(body)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("Disallow: /page\nAllow: /page", "/page", True),
        ("Disallow: /*.pdf$", "/x/price.pdf", False),
        ("Disallow: /*.pdf$", "/x/price.pdf?v=1", True),
        ("Disallow: /*?sort=", "/catalog?sort=price", False),
        ("Disallow:", "/", True),
        ("Disallow: /цены", "/%D1%86%D0%B5%D0%BD%D1%8B", False),
        ("Disallow: /%D1%86%D0%B5%D0%BD%D1%8B", "/цены", False),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow: /", "", False),
        ("Disallow: //x", "//x/y", False),
        ("DISALLOW : /a # all", "/a", False),
        ("disallow /a", "/a", False),
    ],
)
def test_paths(rules, path, allowed):
    assert allows(f"User-agent: *\n{rules}\n", path) is allowed


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_bytes_with_bom_and_any_line_end(end):
    body = "\ufeff" + end.join(["User-agent: *", "Disallow: /catalog", ""])
    assert not allows(body.encode())


def test_only_the_beginning_of_a_long_file_is_read():
    filler = "# x\n" * (MAX_BYTES // 4)
    body = f"User-agent: *\nDisallow: /a\n{filler}Disallow: /catalog\n"
    assert not allows(body, "/a")
    assert allows(body)


def test_the_line_that_was_cut_is_dropped():
    head = "User-agent: *\n"
    body = head + "#" * (MAX_BYTES - len(head) - 12) + "\nDisallow: /catalog/only/this\n"
    assert allows(body)


def test_an_address_that_cannot_be_parsed_is_not_allowed():
    assert not allows("User-agent: *\nDisallow: /x\n", "http://[")


def test_crawl_delay_and_sitemaps():
    rules = RobotsRules.parse(
        "User-agent: PovodBot\nCrawl-delay: 2.5\n\nUser-agent: *\nCrawl-delay: soon\n"
        "Sitemap: https://firma.ru/a.xml\nsitemap: https://firma.ru/b.xml\n"
        "Sitemap: https://firma.ru/a.xml\n"
    )
    assert rules.crawl_delay(HEADER) == 2.5
    assert rules.crawl_delay("OtherBot") is None
    assert rules.sitemaps == ["https://firma.ru/a.xml", "https://firma.ru/b.xml"]


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=30))
def test_nothing_makes_it_fail(body, agent, url):
    rules = RobotsRules.parse(b"User-agent: *\nDisallow: /x\n" + body)
    assert rules.allows(agent, url) in (True, False)
    assert rules.crawl_delay(agent) is None or rules.crawl_delay(agent) >= 0
