from types import SimpleNamespace

import pytest

from povod.sandbox.helpers import journal as module
from povod.sandbox.helpers.journal import Journal


def request(path="/x", query="", **headers):
    url = SimpleNamespace(path=path, query=query)
    return SimpleNamespace(method="POST", url=url, headers=headers)


@pytest.fixture
def journal():
    return Journal()


def test_a_text_is_found_in_body_path_headers_and_escapes(journal):
    journal.add("a", request(), "Глафира".encode())
    journal.add("a", request(), rb'{"name": "\u0413\u043b\u0430\u0444\u0438\u0440\u0430"}')
    journal.add("b", request(query="q=Глафира"), b"")
    journal.add("b", request(**{"x-note": "к Глафира"}), b"")
    journal.add("b", request(), b"nothing")
    assert len(journal.read(contains="глафира")) == 4
    assert len(journal.read("b", "Глафира")) == 2
    assert len(journal.read()) == 5


def test_old_entries_make_room(journal, monkeypatch):
    monkeypatch.setattr(module, "MOST_TEXT_IN_ALL", 10)
    for text in (b"aaaa", b"bbbb", b"cccc"):
        journal.add("a", request(), text)
    assert [entry["body"] for entry in journal.read()] == ["bbbb", "cccc"]
    monkeypatch.setattr(module, "MOST_ENTRIES", 1)
    journal.add("a", request(), b"d")
    assert [entry["body"] for entry in journal.read()] == ["d"]
    journal.clear()
    assert journal.read() == []


def test_long_bodies_are_cut(journal):
    assert len(journal.add("a", request(), b"x" * 100_000)["body"]) == module.MOST_TEXT
