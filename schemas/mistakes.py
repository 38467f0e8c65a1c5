"""What is wrong with a value that a model did not take, in our words: the one place that says it for the library's.

Nothing of the value itself is said: it may be an address, or a secret.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast, get_args

from pydantic_core.core_schema import ErrorType

_OWN = "Value error, "
"""What Pydantic puts before the words of our own validators."""

_WHOLE, _NUMBER, _TEXT, _YES_NO = "write a whole number", "write a number", "write a text", "write true or false"
_DAY, _TIME, _MOMENT = "write a day, like 2026-03-02", "write a time of day, like 09:00", "write a day and a time"
_ZONED = "write the moment with its offset, like 2026-03-02T09:00:00Z"
_LENGTH, _LIST, _GROUP = "write a length of time", "write a list", "write an object with fields"
_ADDRESS, _ONE_OF = "write an address that begins with http:// or https://", "write one of {expected}"

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "it is missing",
        "extra_forbidden": "there is no such field here",
        "greater_than_equal": "the least is {ge}",
        "greater_than": "it must be more than {gt}",
        "less_than_equal": "the most is {le}",
        "less_than": "it must be less than {lt}",
        "multiple_of": "write a multiple of {multiple_of}",
        "finite_number": "write a number that is finite",
        "string_too_short": "the least is {min_length} characters",
        "string_too_long": "the most is {max_length} characters",
        "string_pattern_mismatch": "it does not fit the pattern {pattern}",
        "too_short": "the least is {min_length} entries",
        "too_long": "the most is {max_length} entries",
        "enum": _ONE_OF,
        "literal_error": _ONE_OF,
        "union_tag_invalid": "its kind, {discriminator}, is none of {expected_tags}",
        "union_tag_not_found": "its kind, {discriminator}, is missing",
        "none_required": "leave it empty",
        "json_invalid": "it is not JSON",
        "json_type": "it is not JSON",
        "int_parsing_size": "it has too many digits",
        "int_from_float": "write a whole number, without a fraction",
        "string_unicode": "it is not text in UTF-8",
        "string_not_ascii": "write letters without accents",
        "decimal_max_digits": "the most is {max_digits} digits",
        "decimal_max_places": "the most is {decimal_places} digits after the point",
        "decimal_whole_digits": "the most is {whole_digits} digits before the point",
        "date_past": "write a day that is over",
        "date_future": "write a day that is still to come",
        "datetime_past": "write a moment that is over",
        "datetime_future": "write a moment that is still to come",
        "datetime_from_date_parsing": _MOMENT,
        "timezone_naive": "write the moment without an offset",
        "timezone_aware": _ZONED,
        "timezone_offset": _ZONED,
        "bytes_too_short": "the least is {min_length} bytes",
        "bytes_too_long": "the most is {max_length} bytes",
        "url_too_long": "the most is {max_length} characters",
        "recursion_loop": "it contains itself",
        "recursion_depth_exceeded": "it is nested too deep",
        "uuid_version": "write a UUID of version {expected_version}",
    }
)
"""By the library's name of the error; what is in braces is the bound that was not kept."""

_FAMILIES = (
    ("int_", _WHOLE),
    ("float_", _NUMBER),
    ("decimal_", _NUMBER),
    ("fraction_", _NUMBER),
    ("complex_", _NUMBER),
    ("string_", _TEXT),
    ("bytes_", _TEXT),
    ("bool_", _YES_NO),
    ("datetime_", _MOMENT),
    ("date_", _DAY),
    ("time_delta_", _LENGTH),
    ("time_", _TIME),
    ("url_", _ADDRESS),
    ("uuid_", "write a UUID"),
    ("list_", _LIST),
    ("tuple_", _LIST),
    ("set_", _LIST),
    ("frozen_set_", _LIST),
    ("iterable_", _LIST),
    ("dict_", _GROUP),
    ("mapping_", _GROUP),
    ("model_", _GROUP),
    ("dataclass_", _GROUP),
)
"""By how the library's name begins; `_WORDS` comes first."""

_OF_THE_LIBRARY = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}
"""Of the others the words are our own already."""
_OTHERWISE = "it is not of the kind that is taken here"


def mistake_in_words(error: Mapping[str, object]) -> str:
    """Why a value was not taken.

    Args:
        error: one of `ValidationError.errors()`, with its context.
    """
    kind, message = str(error["type"]), str(error["msg"])
    context = cast("Mapping[str, object]", error.get("ctx") or {})
    if kind not in _OF_THE_LIBRARY:
        return message.removeprefix(_OWN)
    words = _WORDS.get(kind) or next((words for start, words in _FAMILIES if kind.startswith(start)), _OTHERWISE)
    try:
        return words.format_map(context)
    except KeyError:
        return _OTHERWISE
