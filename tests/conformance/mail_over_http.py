"""What tests of providers over HTTP share: a mail, how its hand-over ended, and a provider of each kind."""

import traceback
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from activities.senders.sender import BadAddress, Mail, NotTaken, Rejected, SenderAtFault, Uncertain
from tests.conformance.providers import RECIPIENT, send
from tests.simulated.mail_api import KEY
from tests.simulated.mail_apis import SIMULATED

REFERENCE = "0123456789abcdef0123456789abcdef"
MAIL = Mail(
    "one@shop.example",
    RECIPIENT,
    "Größe 38 ist wieder da",
    "Schnell!",
    "<p>Schnell!</p>",
    "Läden <alerts@example.com>",
    REFERENCE,
    "back-in-stock.example.com",
    "https://example.com/u/abc",
)
NEXT = replace(MAIL, message_id="two@shop.example", subject="Still there", html=None)
BY_NAME = {kind.name: kind for kind in SIMULATED}


class End(StrEnum):
    """How a send ended."""

    RETURNED = "returned"
    NOT_TAKEN = "not taken"
    SENDER = "the sender is at fault"
    ACCOUNT = "the account is at fault"
    REJECTED = "rejected"
    BAD_ADDRESS = "bad address"
    UNCERTAIN = "uncertain"


async def ending(sender: Any, mail: Mail = MAIL) -> End:
    try:
        await send(sender, mail)
    except (NotTaken, Rejected, Uncertain) as error:
        told = "".join(traceback.format_exception(error))
        assert RECIPIENT not in told, "an address reached an exception"
        assert KEY not in told, "a key reached an exception"
        match error:
            case SenderAtFault(account=True):
                return End.ACCOUNT
            case SenderAtFault():
                return End.SENDER
            case NotTaken():
                return End.NOT_TAKEN
            case BadAddress():
                return End.BAD_ADDRESS
            case Rejected():
                return End.REJECTED
            case Uncertain():
                return End.UNCERTAIN
    return End.RETURNED


every_provider = pytest.mark.parametrize("provider", BY_NAME, indirect=True)
postmark = pytest.mark.parametrize("provider", ["postmark"], indirect=True)
