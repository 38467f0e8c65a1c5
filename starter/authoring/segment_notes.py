"""Text messages that are too long, and notes on how many segments each is sent in, and by which characters."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from activities.rendering.compile import compile_wording
from activities.rendering.language import TemplateDiagnostic
from activities.rendering.samples import FULL
from activities.rendering.templates import render_wording
from activities.senders.sms.segments import LONGEST_TEXT, Segments, count_segments
from schemas.channels import Channel
from schemas.document.conversation import MessageSection, Wording

FEW = 3
"""Characters that are named one by one."""


def find_too_long(message: MessageSection) -> Iterator[TemplateDiagnostic]:
    """That a text message is longer than any provider takes."""
    for language, wording in _texts(message):
        length = len(wording.text or "")
        if length > LONGEST_TEXT:
            yield TemplateDiagnostic(
                field="text",
                line=1,
                message=f"a text message has at most {LONGEST_TEXT} characters, and this is {length} long",
                advice="Shorten it: each segment of 160 characters is paid for",
                language=None if wording is message else language,
            )


def find_segment_notes(message: MessageSection) -> Iterator[TemplateDiagnostic]:
    """What is to be said of a text message whose template has no mistakes, in each of its languages."""
    for language, wording in _texts(message):
        for note in _notes(wording, language):
            yield replace(note, language=None if wording is message else language)


def _texts(message: MessageSection) -> Iterator[tuple[str, Wording]]:
    """The wordings of a text message; none of another."""
    return iter(message.wordings.items() if message.channel is Channel.SMS else ())


def _notes(wording: Wording, language: str) -> Iterator[TemplateDiagnostic]:
    """Nothing of one GSM-7 segment."""
    text = render_wording(compile_wording(wording, language), FULL, language).text
    counted = count_segments(text)
    if counted.outside:
        yield TemplateDiagnostic(
            field="text",
            line=_line_of(wording.text or "", counted.outside),
            message=f"{_named(counted)}, so all of it is sent in UCS-2: 70 characters a segment, and not 160",
            advice="Write it with other characters, or keep it short",
        )
    if counted.segments > 1:
        room = counted.alphabet.each * counted.segments
        yield TemplateDiagnostic(
            field="text",
            line=1,
            message=(
                f"with sample values it is {counted.segments} segments of {counted.alphabet} "
                f"({counted.units} of {room} characters), each paid for: '{' '.join(text.split())}'"
            ),
            advice=f"One segment has {counted.alphabet.alone} characters",
        )


def _named(counted: Segments) -> str:
    shown = [f"'{each}' ({unicodedata.name(each, f'U+{ord(each):04X}').lower()})" for each in counted.outside[:FEW]]
    more = f" and {len(counted.outside) - FEW} more" if len(counted.outside) > FEW else ""
    verb = "is" if len(counted.outside) == 1 else "are"
    return f"{', '.join(shown)}{more} {verb} not in the GSM alphabet"


def _line_of(template: str, outside: tuple[str, ...]) -> int:
    """Where the first of them stands in the template; the first line, if a value brought it."""
    lines = template.split("\n")
    return next((number for number, line in enumerate(lines, 1) if outside[0] in line), 1)
