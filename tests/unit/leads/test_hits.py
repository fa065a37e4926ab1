import pytest

from povod.book.companies import Seen
from povod.book.domains import SHIPPED
from povod.leads.hits import MAX_URL, hit_row, read_hit, sighting
from povod.leads.serp import parse_serp


def document(url, title="Окна «Алми»"):
    xml = (
        "<yandexsearch><response><results><grouping><group><doc id='Z1'>"
        f"<url>{url}</url><title>{title}</title><passages><passage>Текст</passage></passages>"
        "<properties><lang>ru</lang></properties></doc></group></grouping></results>"
        "</response></yandexsearch>"
    )
    return parse_serp(xml).docs[0]


@pytest.mark.parametrize(
    ("raw", "url", "domain"),
    [
        ("HTTP://WWW.Firma.RU:80/index.php?utm_source=ya#top", "https://firma.ru/", "firma.ru"),
        ("https://spb.firma.ru/kontakty/", "https://spb.firma.ru/kontakty", "firma.ru"),
        ("https://alfa.tilda.ws/page1", "https://alfa.tilda.ws/page1", "alfa.tilda.ws"),
        ("https://firma.ru:8443/a", "https://firma.ru:8443/a", "firma.ru"),
    ],
)
def test_a_usable_hit_leads_to_an_own_domain(raw, url, domain):
    hit = read_hit(document(raw), SHIPPED)
    assert (hit.url, hit.domain, hit.status) == (url, domain, "NEW")
    assert hit.is_company


@pytest.mark.parametrize(
    "raw",
    ["http://host:99999x/", "javascript:alert(1)", "mailto:a@firma.ru", "http://10.0.0.1/",
     "http://localhost/", "x" * 3000],
)  # fmt: skip
def test_an_unusable_address_is_kept_with_its_reason(raw):
    hit = read_hit(document(raw), SHIPPED)
    assert (hit.status, hit.url, hit.domain) == ("INVALID", raw[:MAX_URL], "")
    assert hit.reason
    row = hit_row(hit, "op", "query", None, set())
    assert row["metadata"]["skipped_reason"] == hit.reason
    assert row["company_id"] is None


@pytest.mark.parametrize(
    "raw", ["https://www.avito.ru/kazan", "https://tilda.ws/", "http://2gis.ru"]
)
def test_an_aggregator_is_excluded(raw):
    hit = read_hit(document(raw), SHIPPED)
    assert hit.status == "EXCLUDED"
    assert not hit.is_company


def test_only_the_first_hit_of_a_new_company_is_unique():
    hit = read_hit(document("https://almi.ru/a"), SHIPPED)
    first: set[str] = set()
    rows = [hit_row(hit, "op", "query", Seen("c1", True), first) for _ in range(2)]
    assert [row["dedup_status"] for row in rows] == ["UNIQUE", "DUP_HOST"]
    known = hit_row(hit, "op", "query", Seen("c1", False), set())
    assert known["dedup_status"] == "DUP_HOST"
    assert known["company_id"] == "c1"


def test_a_sighting_says_where_the_company_was_found():
    hit = read_hit(document("https://www.almi.ru/okna"), SHIPPED)
    seen = sighting(hit, "окна", "Казань")
    assert (seen.domain, seen.host, seen.name) == ("almi.ru", "almi.ru", "Окна «Алми»")
    assert (seen.industry, seen.city, seen.snippet) == ("окна", "Казань", "Текст")
