"""The format of an archived history: a version byte, a hash, a line of JSON that describes it, the compressed history.

Version 1: the hash is SHA-256, 32 bytes, over all that follows it; the line is a `_Header`; the rest is Temporal's own
protobuf message `History`, compressed with zlib. So damage is found before anything is read. A format that was
released stays readable; a new one gets a version byte of its own.
"""

import hashlib
import zlib

from google.protobuf.message import DecodeError
from pydantic import ValidationError
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from activities.archive.archive import HistoryCorrupt, SealedHistory
from schemas.ids import JourneyId, journey_workflow_id
from schemas.model import Wire

VERSION = 1
_DESCRIBED = 1 + hashlib.sha256().digest_size
"""Where the line begins."""

LARGEST = 16 * 1024 * 1024
"""Bytes of a history before compression. Temporal suggests a new run at 4 MiB, and journeys follow at their next rest;
what is four times as large cannot be a journey's, and would burden every replay."""


class HistoryTooLarge(Exception):
    """The history is larger than an archive takes."""


class _Header(Wire):
    """What the line holds.

    Attributes:
        size: bytes of the history before compression.
    """

    journey_id: JourneyId
    run_id: str
    events: int
    size: int


def seal(journey_id: JourneyId, run_id: str, history: WorkflowHistory, largest: int = LARGEST) -> SealedHistory:
    """Pack a history.

    Raises:
        HistoryTooLarge: it has more than `largest` bytes.
    """
    packed = History(events=history.events).SerializeToString()
    if len(packed) > largest:
        raise HistoryTooLarge(f"{len(packed)} bytes, and {largest} are taken")
    header = _Header(
        journey_id=journey_id,
        run_id=run_id,
        events=len(history.events),
        size=len(packed),
    )
    described = header.model_dump_json().encode() + b"\n" + zlib.compress(packed)
    content = bytes((VERSION,)) + hashlib.sha256(described).digest() + described
    return SealedHistory(journey_id, run_id, len(history.events), content)


def unseal(journey_id: JourneyId, content: bytes) -> WorkflowHistory:
    """The history of this journey that was sealed.

    Raises:
        HistoryCorrupt: the bytes are not whole, are of another journey, or were written by a newer release.
    """
    if not content:
        raise _corrupt(journey_id, "nothing is left of it")
    if content[0] != VERSION:
        raise _corrupt(journey_id, f"it is of form {content[0]}, and this release reads form {VERSION}")
    written, described = content[1:_DESCRIBED], content[_DESCRIBED:]
    if hashlib.sha256(described).digest() != written:
        raise _corrupt(journey_id, "its bytes are not those that were written: the SHA-256 differs")
    line, _, body = described.partition(b"\n")
    try:
        header = _Header.model_validate_json(line)
    except ValidationError as error:
        raise _corrupt(journey_id, "its head cannot be read") from error
    if header.journey_id != journey_id:
        raise _corrupt(journey_id, f"it is the history of {header.journey_id}")
    try:
        # Never more than was announced, whatever is in there.
        unpacking = zlib.decompressobj()
        packed = unpacking.decompress(body, header.size + 1)
        history = History.FromString(packed)
    except (zlib.error, DecodeError) as error:
        raise _corrupt(journey_id, f"it cannot be unpacked: {error}") from error
    if len(packed) != header.size or len(history.events) != header.events:
        raise _corrupt(journey_id, f"it has {len(history.events)} events, and should have {header.events}")
    return WorkflowHistory(journey_workflow_id(journey_id), list(history.events))


def _corrupt(journey_id: JourneyId, how: str) -> HistoryCorrupt:
    return HistoryCorrupt(
        f"The archived history of journey {journey_id} cannot be used: {how}. If the archive has a backup or an older "
        "version of it, put that back."
    )
