"""Signs requests to Amazon's services: Signature Version 4, for a path without a query. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKey:
    """An access key: its id and its secret."""

    id: str
    secret: str = field(repr=False)


def signed_headers(
    key: AwsKey, region: str, service: str, method: str, host: str, path: str, content: bytes, at: datetime
) -> dict[str, str]:
    """The headers of a signed request.

    Args:
        path: without a query; of letters, digits, `/`, `-` and `_` only.
        at: when it is made, in UTC; Amazon takes it within five minutes of that.
    """
    moment = f"{at:%Y%m%dT%H%M%SZ}"
    headers = {"content-type": "application/json", "host": host, "x-amz-date": moment}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{hashlib.sha256(content).hexdigest()}"
    scope = f"{at:%Y%m%d}/{region}/{service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signing_key = f"AWS4{key.secret}".encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    signature = hmac.digest(signing_key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={key.id}/{scope}"
    return {**headers, "authorization": f"{ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}
