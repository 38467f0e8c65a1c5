"""What mail programs unsubscribe by (RFC 2369, RFC 8058), as it arrived: there, in one line, and of use. Pure."""

import re
from collections.abc import Iterator

from starter.deliverability.arrived import ArrivedMail, Field
from starter.ops.findings import Finding, bad, good, note

UNSUBSCRIBE, ONE_CLICK = "list-unsubscribe", "list-unsubscribe-post"
LONGEST_ADDRESS = 60
"""Characters of an address that no server on the way had to fold."""
LONGEST_LINE = 998
"""Octets of a line, by RFC 5322."""
_ADDRESS = re.compile(r"<([^<>]*)>")


def unsubscribing(mail: ArrivedMail) -> Iterator[Finding]:
    """How people can unsubscribe by it."""
    found = mail.all(UNSUBSCRIBE)
    if len(found) != 1:
        yield _not_one("List-Unsubscribe", len(found))
    else:
        yield _address(found[0])
    posts = mail.all(ONE_CLICK)
    if len(posts) != 1:
        yield _not_one("List-Unsubscribe-Post", len(posts))
    elif posts[0].value.lower() != "list-unsubscribe=one-click":
        yield bad(
            "List-Unsubscribe-Post",
            f"it is '{posts[0].value}', not 'List-Unsubscribe=One-Click'",
            "Something after Shelftalk wrote it anew: let the provider leave it, or switch its own unsubscribing off.",
        )
    else:
        yield good("List-Unsubscribe-Post", "one click is enough")


def _not_one(name: str, count: int) -> Finding:
    if count:
        advice = "Let the provider add none of its own: programs take either, and the signature covers one of them."
        return bad(name, f"it is there {count} times", advice)
    return bad(
        name,
        "it is missing",
        "Set SHELFTALK_PUBLIC_URL, for without it mails say nowhere how to unsubscribe; if it is set, something after "
        "Shelftalk took the field out.",
    )


def _address(field: Field) -> Finding:
    name = "List-Unsubscribe"
    whole = [found.group(1) for found in _ADDRESS.finditer(field.value)]
    web = next((each for each in whole if re.match(r"https://", each.strip(), re.IGNORECASE)), None)
    shorter = (
        "Shorten SHELFTALK_PUBLIC_URL, or let the server or provider that folded it leave it in one line: it left "
        "Shelftalk so."
    )
    if web is None:
        told = f"its address is not https:// ({', '.join(whole)})" if whole else "it has no address between < and >"
        return bad(
            name, told, "One click needs https: set SHELFTALK_PUBLIC_URL, and let the provider write none itself."
        )
    if re.search(r"\s", web):
        return bad(name, "its address was folded on the way, and is none any more", shorter)
    if len(field.lines) > 1:
        return note(name, f"it was folded into {len(field.lines)} lines on the way", shorter)
    if len(f"{name}:{field.value}".encode()) > LONGEST_LINE:
        return bad(name, f"its line is longer than {LONGEST_LINE} octets", shorter)
    if len(web) > LONGEST_ADDRESS:
        advice = f"With {LONGEST_ADDRESS} no server folds it, which breaks signatures: shorten SHELFTALK_PUBLIC_URL."
        return note(name, f"in one line, but its address has {len(web)} characters", advice)
    return good(name, f"in one line: {web}")
