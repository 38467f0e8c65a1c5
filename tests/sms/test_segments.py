"""How many segments a text message has: 160 and 153 in the GSM alphabet, 70 and 67 in UCS-2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.senders.sms.segments import BASIC, EXTENSION, Alphabet, count_segments

GSM, UCS = Alphabet.GSM7, Alphabet.UCS2
gsm_text = st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=400)


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments"),
    [
        ("", GSM, 0, 1),
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("a" * 1530, GSM, 1530, 10),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        ("[x]" * 32, GSM, 160, 1),
        # 153 is odd: the last place of the first segment stays empty, for a character of two is not divided.
        ("€" * 76 + "a" + "€" * 76 + "a", GSM, 306, 2),
        ("€" * 77 + "€" * 76, GSM, 306, 3),
        ("àäåæèéìñòöøùüÄÅÆÇÉÑÖØÜß", GSM, 23, 1),
        ("ΔΦΓΛΩΠΨΣΘΞ@£$¥_", GSM, 15, 1),
        ("ê", UCS, 1, 1),
        ("’" * 70, UCS, 70, 1),
        ("’" * 71, UCS, 71, 2),
        ("’" * 134, UCS, 134, 2),
        ("’" * 135, UCS, 135, 3),
        ("€" * 69 + "’", UCS, 70, 1),
        ("🎉" * 35, UCS, 70, 1),
        ("🎉" * 36, UCS, 72, 2),
        # 67 is odd as well.
        ("🎉" * 33 + "’", UCS, 67, 1),
        ("🎉" * 66, UCS, 132, 2),
        ("🎉" * 67, UCS, 134, 3),
        ("日本語", UCS, 3, 1),
        ("a\tb", UCS, 3, 1),
    ],
    ids=lambda value: str(value)[:12],
)
def test_known_texts_have_the_segments_that_phones_count(
    text: str, alphabet: Alphabet, units: int, segments: int
) -> None:
    counted = count_segments(text)
    assert (counted.alphabet, counted.units, counted.segments) == (alphabet, units, segments)


def test_the_gsm_alphabet_is_whole() -> None:
    assert (len(BASIC), len(EXTENSION), BASIC & EXTENSION) == (127, 10, frozenset())


def test_the_characters_that_are_not_in_it_are_named_once_each_in_order() -> None:
    assert count_segments("It’s “back”, it’s back").outside == ("’", "“", "”")
    assert count_segments('It\'s "back"').outside == ()


@given(gsm_text)
def test_what_is_in_the_gsm_alphabet_stays_in_it(text: str) -> None:
    counted = count_segments(text)
    assert (counted.alphabet, counted.outside) == (GSM, ())
    assert counted.units == len(text) + sum(text.count(each) for each in EXTENSION)


@given(any_text)
def test_units_of_ucs_2_are_those_of_utf_16(text: str) -> None:
    counted = count_segments(text + "’")
    assert (counted.alphabet, counted.units) == (UCS, len((text + "’").encode("utf-16-le")) // 2)


@given(any_text)
def test_there_are_as_many_segments_as_are_needed_and_one_more_at_most_for_what_is_not_divided(text: str) -> None:
    counted = count_segments(text)
    alone, each = counted.alphabet.alone, counted.alphabet.each
    if counted.units <= alone:
        assert counted.segments == 1
        return
    at_least = -(-counted.units // each)
    # Of a segment at most one unit stays empty.
    at_most = -(-counted.units // (each - 1))
    assert at_least <= counted.segments <= at_most


@given(any_text, st.characters(exclude_categories=("Cs",)))
def test_a_longer_text_never_has_fewer_segments(text: str, more: str) -> None:
    assert count_segments(text).segments <= count_segments(text + more).segments
