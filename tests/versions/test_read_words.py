"""How messages differ as they are read: those that changed, were added or are gone, line by line."""

from schemas.responses.previews import PreviewedMessage
from starter.comparing.read_words import Kept, ReadLine, find_reworded


def mail(message: str, text: str, subject: str | None = None) -> PreviewedMessage:
    return PreviewedMessage(message=message, language="en", subject=subject, text=text, html=None)


def test_only_what_reads_differently_is_shown_line_by_line() -> None:
    before = (mail("same", "Hello"), mail("told", "It is back.\nBye", "Back"), mail("old", "Gone"))
    after = (mail("same", "Hello"), mail("told", "It is here.\nBye", "Back"), mail("more", "New"))
    told, more, old = find_reworded(before, after)
    assert (told.message, told.lines) == (
        "told",
        (
            ReadLine(Kept.SAME, "Back"),
            ReadLine(Kept.SAME, ""),
            ReadLine(Kept.GONE, "It is back."),
            ReadLine(Kept.NEW, "It is here."),
            ReadLine(Kept.SAME, "Bye"),
        ),
    )
    assert (more.message, more.lines) == ("more", (ReadLine(Kept.NEW, "New"),))
    assert (old.message, old.lines) == ("old", (ReadLine(Kept.GONE, "Gone"),))


def test_nothing_is_shown_where_everything_reads_the_same() -> None:
    assert find_reworded((mail("a", "Hello"),), (mail("a", "Hello"),)) == ()
