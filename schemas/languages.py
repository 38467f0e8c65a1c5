"""Languages by their tags, as people write them: `de`, `pt-BR`, `zh-Hant`."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError

LONGEST = 20
"""Characters of a tag; what a contact is told to speak may be anything."""


@lru_cache(maxsize=1024)
def find_language(text: str) -> str | None:
    """The tag as it is usually written, `pt-BR` for `pt_br`; None where it is no language that we know."""
    if len(text) > LONGEST:
        return None
    try:
        locale = Locale.parse(text.strip().replace("_", "-"), sep="-")
    except (ValueError, TypeError, UnknownLocaleError):
        return None
    return "-".join(part for part in (locale.language, locale.script, locale.territory) if part)


def primary(language: str) -> str:
    """`pt` of `pt-BR`."""
    return language.partition("-")[0]
