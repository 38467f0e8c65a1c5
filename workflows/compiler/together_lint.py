"""Lint warnings for what is told together: half of it said, or nobody ever waiting for others."""

from collections.abc import Iterator

from schemas.document.conversation import ConversationDocument, loops_over_together
from workflows.compiler.diagnostics import Diagnostic

LOOP = "{% for item in together %} … {% endfor %}"


def find_together_warnings(document: ConversationDocument) -> Iterator[Diagnostic]:
    """A window without a message that says what came in it, and messages that wait for no window or say it in part."""
    within = document.list.together_within
    looping = {
        code: [
            loops_over_together(template)
            for wording in message.wordings.values()
            for template in (wording.text, wording.mjml, wording.html)
            if template is not None
        ]
        for code, message in document.messages.items()
    }
    if within is not None and not any(any(each) for each in looping.values()):
        yield Diagnostic(
            ("list", "together_within"),
            "no message loops over 'together', so each thing is told by itself, at once",
            f"Write {LOOP} in the alert's message, or leave 'together_within' out",
        )
    for code, each in looping.items():
        if any(each) and not all(each):
            yield Diagnostic(
                ("messages", code),
                "some of its parts or languages loop over 'together' and some do not, so it is always told by itself",
                f"Write {LOOP} in all of them: nobody is to be told of a place in words that leave it out",
            )
        elif any(each) and within is None:
            yield Diagnostic(
                ("messages", code),
                "it loops over 'together', and its list tells nothing together",
                "Write for example 'together_within: 15 minutes' in 'list', or leave the loop out",
            )
