"""A message as a published version keeps it beside the document: ready to be filled in, the same for ever.

What a message is written in (MJML, HTML with a style sheet) is compiled once, when its version is published. So a later
release of Shelftalk, or of the library that compiles, changes nobody's words.
"""

from collections.abc import Iterator

from schemas.channels import Channel
from schemas.languages import find_language, primary
from schemas.model import Model


class CompiledWording(Model):
    """What a message says in one language: templates of an e-mail's subject line, of plain text and of HTML."""

    subject: str | None
    text: str
    html: str | None = None


class CompiledMessage(Model):
    """A message in all its languages.

    Attributes:
        language: what those read whose language is not among the wordings.
        wordings: by language; that of `language` is always there.
        transactional: as its section says.
    """

    channel: Channel
    language: str
    wordings: dict[str, CompiledWording]
    transactional: bool = False

    def wording_for(self, language: str | None) -> tuple[str, CompiledWording]:
        """What a contact of this language reads, and the language that its numbers and dates are written for.

        Of several that would do the nearest: `pt-BR`, then `pt`, then the message's own.
        """
        own = None if language is None else find_language(language)
        for each in _nearest_first(own):
            if each in self.wordings:
                # Somebody in Austria reads German words with Austrian numbers.
                return own or each, self.wordings[each]
        fits = own is not None and primary(own) == primary(self.language)
        return own if own is not None and fits else self.language, self.wordings[self.language]


def _nearest_first(language: str | None) -> Iterator[str]:
    while language:
        yield language
        language = language.rpartition("-")[0]
