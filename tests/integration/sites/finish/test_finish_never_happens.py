"""Rows of "must never happen" that concern the state of a site (N51, N28, N31)."""

from finish_shop import product, variant

from povod.crawl.urlkey import url_key
from povod.sites.known import load_known

PATH = "/p1"
KEY = url_key(f"https://shop.ru{PATH}")


def shown(price: str, *, second_request: bool) -> dict:
    """A page whose HTML, and so whose ETag, stays as it is while a variant's price changes."""
    more = {"second_request": True} if second_request else {}
    variants = [variant("v1"), variant("v2", price)]
    return product(variants=variants, page={"etag": '"same"'}, **more)


def validators(shop) -> tuple[str, str]:
    with shop.db.read() as conn:
        known = load_known(conn, "shop.ru", [KEY])[KEY]
    return known.etag, known.last_modified


def test_n51_a_page_with_variants_elsewhere_is_never_asked_for_conditionally(shop):
    shop.run({PATH: shown("100", second_request=True)})
    assert validators(shop) == ("", "")
    second = shop.run({PATH: shown("120", second_request=True)})
    changed = [row for row in shop.diff(second) if row[0] == "MODIFIED"]
    assert [(row[2], row[3]) for row in changed if row[2]] == [("v2", ["price"])]


def test_n51_a_page_that_is_whole_in_itself_is_asked_for_with_its_validator(shop):
    shop.run({PATH: shown("100", second_request=False)})
    assert validators(shop)[0] == '"same"'
