from hypothesis import given, settings
from hypothesis import strategies as st

from povod.sandbox.seeded import code, draw


@settings(max_examples=100)
@given(st.lists(st.text() | st.integers(), max_size=4))
def test_a_draw_is_repeatable_and_in_range(parts):
    assert 0 <= draw(*parts) < 1
    assert draw(*parts) == draw(*parts)


def test_draws_are_spread_evenly():
    draws = [draw("spread", number) for number in range(2000)]
    quarters = [sum(n / 4 <= d < (n + 1) / 4 for d in draws) for n in range(4)]
    assert all(400 < quarter < 600 for quarter in quarters)


def test_parts_are_kept_apart():
    assert draw("ab", "c") != draw("a", "bc")


def test_a_code_has_its_length_and_alphabet_and_is_unique():
    codes = {code(7, number) for number in range(1000)}
    assert len(codes) == 1000
    assert {len(text) for text in codes} == {17}
    assert all(text.isascii() and text.isalnum() and text == text.lower() for text in codes)
    assert len(code("x", length=5)) == 5
