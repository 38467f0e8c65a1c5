"""Side by side no process is left with the slow tests when the others are done."""

from hypothesis import given
from hypothesis import strategies as st

from tests.order import dealt, stretches


@given(st.integers(0, 30), st.integers(0, 100), st.integers(1, 8))
def test_every_test_is_run_once(slow: int, others: int, processes: int) -> None:
    tests = list(range(slow + others))
    assert sorted(dealt(tests[:slow], tests[slow:], processes)) == tests


@given(st.integers(0, 30), st.integers(100, 200), st.integers(1, 8))
def test_each_process_begins_with_as_many_slow_ones(slow: int, others: int, processes: int) -> None:
    order = dealt([True] * slow, [False] * others, processes)
    begun = 0
    for length in stretches(len(order), processes):
        stretch = order[begun : begun + length]
        assert sum(stretch) in (slow // processes, slow // processes + 1)
        assert stretch == sorted(stretch, reverse=True)
        begun += length
    assert begun == len(order)
