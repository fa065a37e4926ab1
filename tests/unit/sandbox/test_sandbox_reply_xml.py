import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from povod.sandbox.yandex.request import SearchRequest
from povod.sandbox.yandex.search import raw_data, reply_of
from povod.sandbox.yandex.xml import Reply, error_of, render, render_both

ASKED = SearchRequest("RU", "окна Казань", "folder", groups_on_page=4)


def tree(world, request=ASKED) -> ET.Element:
    return ET.fromstring(render(reply_of(world, request)))


def urls(root: ET.Element) -> list[str]:
    return [node.text or "" for node in root.iter("url")]


def test_the_same_request_gives_the_same_bytes(tiny_world):
    assert raw_data(tiny_world, ASKED) == raw_data(tiny_world, replace(ASKED))


def test_another_seed_or_request_gives_another_reqid(tiny_world):
    def reqid(request):
        return tree(tiny_world, request).findtext("response/reqid")

    assert reqid(ASKED) != reqid(replace(ASKED, page=1))


def test_groups_and_documents_follow_the_request(tiny_world):
    root = tree(tiny_world, replace(ASKED, docs_in_group=2, max_passages=3))
    groups = root.findall("response/results/grouping/group")
    assert len(groups) == 4
    assert [len(group.findall("doc")) for group in groups] == [2, 2, 2, 2]
    assert {len(doc.findall("passages/passage")) for doc in root.iter("doc")} == {3}
    assert groups[0].find("categ").get("name") == "firm0.example"


def test_pages_continue_where_the_last_one_ended(tiny_world):
    pages = [tree(tiny_world, replace(ASKED, page=n)) for n in range(3)]
    bounds = [
        (p.find(".//grouping/page").get("first"), p.find(".//grouping/page").get("last"))
        for p in pages
    ]
    assert bounds == [("1", "4"), ("5", "8"), ("9", "10")]
    together = [url for page in pages for url in urls(page)]
    assert len(set(together)) == len(together) == 10


def test_first_counts_documents_not_groups(tiny_world):
    root = tree(tiny_world, replace(ASKED, page=1, docs_in_group=3))
    assert root.find(".//grouping/page").get("first") == "13"


def test_flat_mode_gives_every_document_its_own_group(tiny_world):
    root = tree(tiny_world, replace(ASKED, flat=True, groups_on_page=100))
    assert len(root.findall(".//group")) == 30
    assert root.find(".//categ") is None


def test_region_changes_the_ranking(tiny_world):
    assert urls(tree(tiny_world)) != urls(tree(tiny_world, replace(ASKED, region="43")))


def test_sorting_by_time_orders_by_modtime(tiny_world):
    root = tree(tiny_world, replace(ASKED, by_time=True, flat=True, groups_on_page=30))
    times = [node.text for node in root.iter("modtime")]
    assert times == sorted(times, reverse=True)


def test_three_found_counts_grow(tiny_world):
    found = [int(node.text) for node in tree(tiny_world).findall("response/found")]
    assert len(found) == 3
    assert found == sorted(found)


def test_markup_and_escapes_survive(tiny_world):
    title = next(tree(tiny_world).iter("title"))
    assert "".join(title.itertext()) == "Окна в городе & 0"
    assert "utm_source=ya&x=1" in urls(tree(tiny_world))[0]


@pytest.mark.parametrize("tag", ["url", "title", "domain", "modtime", "properties", "passages"])
def test_a_dropped_element_is_absent(tiny_world, hit_factory, tag):
    tiny_world.hits = [hit_factory(1, drop=frozenset({tag}))]
    assert tree(tiny_world).find(f".//doc/{tag}") is None


def test_language_can_be_dropped_alone(tiny_world, hit_factory):
    tiny_world.hits = [hit_factory(1, drop=frozenset({"lang"}))]
    properties = tree(tiny_world).find(".//properties")
    assert [child.tag for child in properties] == ["_PassagesType"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": "пусто"}, "15"),
        ({"page": 3}, "15"),
        ({"page": 250}, "18"),
        ({"text": "a // b"}, "1"),
    ],
)
def test_refused_requests_carry_an_error_and_no_results(tiny_world, change, code):
    root = tree(tiny_world, replace(ASKED, **change))
    assert root.find("response/error").get("code") == code
    assert root.find("response/results") is None


def test_never_more_than_250_results(tiny_world, hit_factory):
    tiny_world.hits = [hit_factory(n) for n in range(300)]
    last = replace(ASKED, groups_on_page=100, page=2)
    assert len(urls(tree(tiny_world, last))) == 50
    assert error_of(reply_of(tiny_world, replace(last, page=3))) == 15


def test_a_misspelt_query_is_corrected_or_only_proposed(tiny_world):
    corrected = tree(tiny_world, replace(ASKED, text="окнаа Казань"))
    assert corrected.findtext("response/reask/text") == "окна Казань"
    assert corrected.findtext("response/reask/source-text/hlword") == "окнаа"
    proposed = tree(tiny_world, replace(ASKED, text="окнаа Казань", fix_typo=False))
    assert proposed.findtext("response/misspell/text") == "окна Казань"
    assert proposed.find("response/reask") is None


def test_an_error_can_come_with_documents(tiny_world):
    root = ET.fromstring(render_both(Reply(ASKED, tiny_world.hits), 55))
    assert root.find("response/error").get("code") == "55"
    assert len(urls(root)) == 4


TAGS = ["url", "title", "domain", "headline", "modtime", "size", "charset", "passages", "lang",
        "properties", "mime-type", "saved-copy-url"]  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, st.frozensets(st.sampled_from(TAGS))), min_size=1, max_size=5))
def test_any_hits_give_a_well_formed_reply_with_all_kept_urls(tiny_world, hit_factory, wanted):
    tiny_world.hits = [
        hit_factory(n, url=f"http://a.ru/{text}", group_name=f"{n}{text}", drop=drop)
        for n, (text, drop) in enumerate(wanted)
    ]
    kept = [f"http://a.ru/{text}" for text, drop in wanted if "url" not in drop]
    root = tree(tiny_world, replace(ASKED, groups_on_page=100))
    assert urls(root) == kept
    assert len(list(root.iter("doc"))) == len(wanted)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS.filter(str.strip))
def test_any_query_text_survives_in_the_reply(tiny_world, text):
    assert tree(tiny_world, replace(ASKED, text=text)).findtext("request/query") == text
