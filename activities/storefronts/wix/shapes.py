"""The base of Wix's shapes: its names are written with humps, ours are not."""

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from activities.storefronts.payload import Payload


class WixPayload(Payload):
    """A part of what Wix says."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)
