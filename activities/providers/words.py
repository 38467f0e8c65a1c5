"""The words by which people say stop, start and help in a text message. Pure.

STOP and its like are what US carriers ask for, with REVOKE and OPTOUT. Those of other languages are the words that Bird
listens for (https://docs.bird.com/applications/channels/channels/supported-channels/sms/concepts, "Opt-in and opt-out
compliance"): who writes one of them alone means it, whoever their provider is. To start again takes more care, so there
only the carriers' words count. A text that is none of them may be a no all the
same: people may revoke in any reasonable way, so it is for a person to read (activities/feedback/revocations.py).
"""

import re
from unicodedata import normalize

from schemas.incoming.message_events import MessageEventKind

STOP = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
STOP_ELSEWHERE = frozenset({"ARRET", "HALT", "DETENER", "PARAR", "FERMA", "ZATRZYMAJ", "ОСТАНОВИТЬ"})
"""French, German, Spanish, Portuguese, Italian, Polish, Russian."""
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})

_NO = re.compile(
    r"\b(stop|unsubscribe|opt[\s-]*out|revoke|cancel|quit|remove|delete|leave me alone|no more|do(n'?t| not)|never|"
    r"enough|wrong (number|person)|who is this|spam|harass\w*|not interested|take me off|lawyer|sue|report(ed|ing)?)\b",
    re.IGNORECASE,
)
"""What a text that means no mostly has in it: it says which to read first, and decides nothing."""


def word_in(text: str) -> MessageEventKind:
    """What a text says: one of the words and nothing else, in any case, with any signs or accents around or in it."""
    letters = normalize("NFKD", text.upper()) if len(text) <= 40 else ""
    word = "".join(each for each in letters if each.isalpha())
    for words, kind in (
        (STOP | STOP_ELSEWHERE, MessageEventKind.SAID_STOP),
        (START, MessageEventKind.SAID_START),
        (HELP, MessageEventKind.SAID_HELP),
    ):
        if word in words:
            return kind
    return MessageEventKind.SAID_SOMETHING


def reads_like_a_no(text: str) -> bool:
    """Whether it should be read before others."""
    return _NO.search(text) is not None
