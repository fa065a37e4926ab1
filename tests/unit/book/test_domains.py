import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.book.domains import SHIPPED, own_domain, plain_host, with_rules

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("firma.ru", "firma.ru"),
        ("WWW.Firma.RU.", "firma.ru"),
        ("spb.firma.ru", "firma.ru"),
        ("alfa.tilda.ws", "alfa.tilda.ws"),
        ("a.alfa.tilda.ws", "a.alfa.tilda.ws"),
        ("firm.msk.ru", "firm.msk.ru"),
        ("окна-казань.рф", "xn----7sbba8aocvgb7n.xn--p1ai"),
        ("10.0.0.1", None),
        ("ru", None),
    ],
)
def test_own_domain_is_what_one_firm_controls(host, own):
    assert own_domain(host) == own


@pytest.mark.parametrize(
    ("host", "excluded"),
    [
        ("avito.ru", True),
        ("m.avito.ru", True),
        ("notavito.ru", False),
        ("market.yandex.ru", True),
        ("firma.ru", False),
        ("tilda.ws", True),
        ("www.tilda.ws", True),
        ("alfa.tilda.ws", False),
    ],
)
def test_aggregators_and_bare_platforms_are_no_companies(host, excluded):
    assert SHIPPED.is_excluded(host) is excluded


def test_the_longest_rule_wins_and_allow_beats_at_equal_length():
    rules = with_rules(
        [("shop.avito.ru", "allow"), ("ozon.ru", "allow"), ("x.firma.ru", "exclude")]
    )
    assert not rules.is_excluded("a.shop.avito.ru")
    assert rules.is_excluded("other.avito.ru")
    assert not rules.is_excluded("ozon.ru")
    assert rules.is_excluded("deep.x.firma.ru")
    assert not rules.is_excluded("firma.ru")


def test_a_platform_of_the_users_makes_each_host_a_firm():
    rules = with_rules([("Mall.RU", "platform")])
    assert rules.own_domain("alfa.mall.ru") == "alfa.mall.ru"
    assert rules.is_excluded("mall.ru")
    assert not rules.is_excluded("alfa.mall.ru")
    assert own_domain("alfa.mall.ru") == "mall.ru", "the shipped rules stay as they were"


def test_studios_and_public_mail_are_no_identity():
    rules = with_rules([("studio.ru", "studio")])
    assert not rules.is_identity("studio.ru")
    assert not rules.is_excluded("studio.ru")
    assert rules.is_identity("firma.ru")
    assert not rules.is_mail_identity("gmail.com")
    assert not rules.is_mail_identity("avito.ru")
    assert rules.is_mail_identity("firma.ru")


@given(st.lists(LABEL, min_size=1, max_size=4))
def test_own_domain_is_stable_and_part_of_the_host(labels):
    host = ".".join([*labels, "ru"])
    own = own_domain(host)
    assert own is not None
    assert host == own or host.endswith(f".{own}")
    assert own_domain(own) == own
    assert own_domain(f"www.{host}.") == own


@given(st.text(max_size=40))
def test_any_text_as_host_is_survived(text):
    plain_host(text)
    own_domain(text)
    SHIPPED.is_excluded(text)
