"""What people may write as replies to STOP and HELP."""

import re

from schemas.languages import find_language

LONGEST_REPLY = 600
"""Characters: carriers look for something short."""
_FIELD = re.compile(r"\{[^{}]*\}")


def reply_texts(texts: dict[str, str]) -> dict[str, str]:
    """The same texts by language, if they can be sent.

    Raises:
        ValueError: a language is none, or a text is empty, too long, or names what there is not.
    """
    for language, text in texts.items():
        if find_language(language) != language:
            raise ValueError(f"{language!r} is no language: write a tag like de, en or pt-BR")
        if not 1 <= len(text.strip()) <= LONGEST_REPLY:
            raise ValueError(f"the text in {language} has to have 1 to {LONGEST_REPLY} characters")
        if unknown := set(_FIELD.findall(text)) - {"{shop}", "{url}"}:
            raise ValueError(f"the text in {language} has {min(unknown)}: there are {{shop}} and {{url}}")
    return texts
