"""`POST /client/back-in-stock-subscriptions`: a sign-up in Klaviyo's own form, so that a shop's button needs one other
address and nothing else.

Source: https://developers.klaviyo.com/en/reference/create_client_back_in_stock_subscription. It is the sign-up of
signups.py by other names: limited, counted and answered on the same beats. What is wrong is told as Klaviyo tells it
(JSON:API), with our words.
"""

import re
from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Annotated, Any, Literal, cast
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from activities.waitlist.entrances import Shown
from schemas.addresses import EmailAddress
from schemas.ids import StoreId
from schemas.incoming.facts import ExternalId
from schemas.names import PRINTABLE, Code
from starter.http.dependencies import InjectedDependencies
from starter.http.errors import ANSWERED, answer
from starter.http.limits import public_network
from starter.http.problems import FieldProblem, Kind, Problem, Refusal
from starter.http.public.signups import CountedRoute, Language

PATH = "/client/back-in-stock-subscriptions"
SOURCE = "sign-up form, as of Klaviyo"
"""Where consent was given, as the record of consents has it."""
JSON_API = "application/vnd.api+json"
_CATALOGUE_ID = re.compile(r"\$[a-z0-9_]{1,40}:::\$?[A-Za-z0-9_-]{1,100}:::(.+)", re.DOTALL)


def _own_id(id_: object) -> object:
    """Klaviyo names a variant by its integration, its catalogue and the shop's own id, which is what stays."""
    found = _CATALOGUE_ID.fullmatch(id_) if isinstance(id_, str) else None
    return found[1] if found else id_


class _Part(BaseModel):
    """A part of the body. Klaviyo's has more fields than concern a sign-up, and gets new ones."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Attributes(_Part):
    email: EmailAddress | None = None
    phone_number: Annotated[str | None, Field(min_length=1, max_length=40)] = None
    locale: Language | None = None


class _ProfileData(_Part):
    type: Literal["profile"] = "profile"
    attributes: _Attributes


class _Profile(_Part):
    data: _ProfileData


class _Wanted(_Part):
    channels: Annotated[tuple[str, ...], Field(max_length=10)] = ("EMAIL",)
    profile: _Profile


class _VariantData(_Part):
    type: Literal["catalog-variant"] = "catalog-variant"
    id: Annotated[ExternalId, BeforeValidator(_own_id)]


class _Variant(_Part):
    data: _VariantData


class _Relationships(_Part):
    variant: _Variant


class _Subscription(_Part):
    type: Literal["back-in-stock-subscription"]
    attributes: _Wanted
    relationships: _Relationships


class _Proof(_Part):
    challenge: Annotated[str, Field(max_length=200)]
    number: Annotated[str, Field(max_length=20)]


class _Meta(_Part):
    """What Klaviyo's body has not: work that was asked for."""

    proof: _Proof | None = None


class _Asked(_Part):
    """The address's query and Klaviyo's body."""

    company_id: Annotated[StoreId, Field(min_length=1, max_length=255, pattern=PRINTABLE)]
    list: Code | None = None
    data: _Subscription
    meta: _Meta = _Meta()


class KlaviyoRoute(CountedRoute):
    """A route that counts as a sign-up does, and says what is wrong as Klaviyo does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def in_their_words(request: Request) -> Response:
            try:
                return await handle(request)
            except ANSWERED as error:
                refused = await answer(request, error)
                told = Problem.model_validate_json(bytes(refused.body))
                status = 400 if told.status == 422 else told.status
                kept = {name: value for name, value in refused.headers.items() if name == "retry-after"}
                return JSONResponse({"errors": _errors(told, status)}, status, kept, JSON_API)

        return in_their_words


router = APIRouter(tags=["sign-ups"], route_class=KlaviyoRoute)
_EXAMPLE = {
    "data": {
        "type": "back-in-stock-subscription",
        "attributes": {
            "channels": ["EMAIL"],
            "profile": {"data": {"type": "profile", "attributes": {"email": "shopper@example.com"}}},
        },
        "relationships": {
            "variant": {"data": {"type": "catalog-variant", "id": "$custom:::$default:::642667041472713922"}}
        },
    }
}
_REFUSED: dict[str, Any] = {
    "description": "Klaviyo's errors, as JSON:API has them",
    "content": {JSON_API: {"schema": {"type": "object"}}},
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "Accepted; without a body"},
    **dict.fromkeys((400, 404, 413, 428, 429, 503), _REFUSED),
}
_NOBODY = (
    "A sign-up has the channel EMAIL with an 'email', SMS with a 'phone_number', or both: people are not known here by "
    "other channels, or by Klaviyo's ids."
)


def _query(name: str, *, required: bool, says: str) -> dict[str, object]:
    return {"name": name, "in": "query", "required": required, "description": says, "schema": {"type": "string"}}


@router.post(f"{PATH}/", status_code=202, include_in_schema=False, response_class=Response)
@router.post(
    PATH,
    status_code=202,
    summary="Sign a shopper up, in Klaviyo's form",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra={
        "parameters": [
            _query("company_id", required=True, says="The store's id"),
            _query("list", required=False, says="The list it is for; Klaviyo has no such field"),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"example": _EXAMPLE}}},
    },
)
async def subscribe(request: Request, dependencies: InjectedDependencies) -> Response:
    """Needs no API key. As `POST /v1/signups`, but for the form; Klaviyo's header `revision` may be any."""
    asked = await _read(request)
    wanted, attributes = asked.data.attributes, asked.data.attributes.profile.data.attributes
    email = attributes.email if "EMAIL" in wanted.channels else None
    phone = attributes.phone_number if "SMS" in wanted.channels else None
    if email is None and phone is None:
        raise Refusal(Kind.INVALID, _NOBODY, errors=(FieldProblem(path="$.data.attributes.profile", detail=_NOBODY),))
    caps = dependencies.sign_up_caps
    network = public_network(request.client.host if request.client else None)
    variant, proof = asked.data.relationships.variant.data.id, asked.meta.proof
    await dependencies.services.proof_of_work.require(
        dependencies.work_bounds, network, asked.company_id, variant, proof and (proof.challenge, proof.number)
    )
    await dependencies.services.sign_ups.sign_up(
        email,
        asked.company_id,
        variant,
        Shown(SOURCE, network=network, language=attributes.locale),
        list_code=asked.list,
        most_of_mailbox=caps.per_mailbox,
        most_of_network=caps.per_network,
        phone=phone,
        texts=phone is not None,
    )
    return Response(status_code=202)


async def _read(request: Request) -> _Asked:
    """What is asked for.

    Raises:
        Refusal: the body is no JSON.
        RequestValidationError: it is not of Klaviyo's form, or the address names no store.
    """
    try:
        body: Any = await request.json()
    except (JSONDecodeError, RecursionError):
        raise Refusal(Kind.REQUEST_MALFORMED, "The body cannot be read as JSON.") from None
    told = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    parts = {"data": None, **{name: told[name] for name in ("data", "meta") if name in told}}
    query = {name: value for name in ("company_id", "list") if (value := request.query_params.get(name)) is not None}
    try:
        return _Asked.model_validate({**parts, **query})
    except ValidationError as error:
        raise RequestValidationError([_placed(each) for each in error.errors(include_url=False)]) from None


def _placed(error: Any) -> dict[str, Any]:
    where = "body" if error["loc"][:1] in (("data",), ("meta",)) else "query"
    return {**error, "loc": (where, *error["loc"])}


def _errors(told: Problem, status: int) -> list[dict[str, object]]:
    """Each mistake with where it is, or the one that there is."""
    each = [(problem.path, problem.detail) for problem in told.errors] or [(told.path, told.detail)]
    code = told.type.rpartition(":")[2].replace("-", "_")
    about: dict[str, object] = {"status": status, "code": code, "title": told.title}
    if told.challenge is not None:
        about["meta"] = {"challenge": told.challenge, "bits": told.bits}
    return [{"id": str(uuid4()), **about, "detail": detail, "source": _source(path)} for path, detail in each]


def _source(path: str | None) -> dict[str, str]:
    """Where it is, by a pointer into the body or the parameter's name."""
    if path is None:
        return {}
    if path.startswith("query."):
        return {"parameter": path.removeprefix("query.")}
    if path == "$.list":
        return {"parameter": "list"}
    pointer = re.sub(r"[.\[]", "/", path.removeprefix("$")).replace("]", "")
    return {"pointer": _OURS.get(path, pointer)}


_OURS = {
    "$.phone": "/data/attributes/profile/data/attributes/phone_number",
    "$.email": "/data/attributes/profile/data/attributes/email",
    "$.variant": "/data/relationships/variant/data/id",
}
"""What the sign-up itself refuses goes by the names of ours."""
