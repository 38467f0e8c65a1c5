"""The archive in an S3-compatible store: Amazon's, or another that speaks the same, such as MinIO, Ceph or R2.

One object for each history, named by the journey's id, which reveals nothing about the person.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import S3Store

from activities.archive.archive import ArchiveUnavailable, SealedHistory
from schemas.ids import JourneyId

if TYPE_CHECKING:
    # The library has its types for the type checker only.
    from obstore.store import S3Config

PREFIX = "histories/"
CONNECT_LIMIT = timedelta(seconds=3)
ANSWER_LIMIT = timedelta(seconds=10)
"""Of one request. A history has a few KiB; a person may be waiting for it."""
TRIES_AGAIN = 2
TRY_AGAIN_LIMIT = timedelta(seconds=15)
"""The archiving itself is tried again later, so a store that is away need not be waited for."""

_CODE = re.compile(r"<Code>(\w+)</Code>")
_NO_BUCKET = "NoSuchBucket"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the bucket is, and with which key.

    Attributes:
        endpoint: the store's address; None for Amazon's of the region.
        key_id, secret: None for what Amazon's tools find too: `AWS_…` variables, or the machine's role.
    """

    name: str
    region: str
    endpoint: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)


class S3Archive:
    """Histories as objects of one bucket, which must exist."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket.name
        # What is not set is left out: then the library looks for it.
        config: S3Config = {"region": bucket.region}
        if bucket.endpoint is not None:
            config["endpoint"] = bucket.endpoint
        if bucket.key_id is not None and bucket.secret is not None:
            config["access_key_id"] = bucket.key_id
            config["secret_access_key"] = bucket.secret
        self._store = S3Store(
            bucket.name,
            config=config,
            client_options={
                # Only where the address itself begins with http://.
                "allow_http": (bucket.endpoint or "").startswith("http://"),
                "connect_timeout": CONNECT_LIMIT,
                "timeout": ANSWER_LIMIT,
            },
            retry_config={"max_retries": TRIES_AGAIN, "retry_timeout": TRY_AGAIN_LIMIT},
        )

    @property
    def name(self) -> str:
        return f"s3 {self._bucket}"

    async def put(self, history: SealedHistory) -> None:
        try:
            await self._store.put_async(_key(history.journey_id), history.content)
        except (BaseError, OSError) as error:
            raise self._unavailable(error) from error

    async def get(self, journey_id: JourneyId) -> bytes | None:
        try:
            found = await self._store.get_async(_key(journey_id))
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            if _NO_BUCKET in str(error):
                raise self._unavailable(error) from error
            return None
        except (BaseError, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> ArchiveUnavailable:
        # Of the store's long text only its error code, or the first line: the rest repeats the request.
        code = _CODE.search(str(error))
        said = code[1] if code else str(error).partition("\n")[0].rpartition(" - ")[2]
        return ArchiveUnavailable(
            f"The archive does not take requests for the bucket '{self._bucket}' ({said}). Check the settings "
            "SHELFTALK_ARCHIVE_…, that the bucket exists, and that the key may list, read and write in it."
        )


def _key(journey_id: JourneyId) -> str:
    return f"{PREFIX}{journey_id}"
