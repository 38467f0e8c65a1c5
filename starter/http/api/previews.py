"""Messages looked at before they reach anybody: those of a stored version or of a document, and a test to oneself."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.previews import PreviewedMessages, SentTest
from starter.documents import load_document
from starter.http.actor import Actor
from starter.http.auth import holder_of, keyed_router, needs, require_scope
from starter.http.dependencies import InjectedDependencies, InjectedServices
from starter.http.problems import Kind, Refusal, problem_responses
from starter.ops.chosen_message import address_for_test, speaking
from starter.ops.previews import About
from starter.runtime.one_thread import DOCUMENTS
from starter.services import Services
from starter.versioning.which import PUBLISHED, Which

router = keyed_router("previews")

SOURCE = "body"
"""What stands for the file's name in mistakes."""
TESTS_A_MINUTE = 10
"""With one key, at one process: a program that sends tests to others is no use for mailing them."""
TESTS_AT_ONCE = 2
"""Each holds a connection to the provider, as long as that takes."""
TESTS_WAITING = 2
TEST_WAITS_SECONDS = 10.0
Code = Annotated[str, Path(max_length=63)]
Version = Annotated[str, Query(max_length=20, description="A number, `published` or `working`")]
Id = Annotated[str | None, Query(min_length=1, max_length=255)]
MessageName = Annotated[str | None, Query(min_length=1, max_length=63, description="This one alone")]
Language = Annotated[str | None, Query(min_length=1, max_length=35, description="In this one alone, like `pt-BR`")]
_YAML: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}
}


def _product(store: Id = None, product: Id = None, variant: Id = None) -> About:
    return About(None, store, product, variant)


class Testing(Model):
    """Which message, to whom, and what it shows; what is left out is made up.

    Attributes:
        to: an address of your own or, of a text message, your phone number.
        version: a number, `published` or `working`.
        language: in this one; left out: in the contact's.
    """

    message: Annotated[str, Field(min_length=1, max_length=63, examples=["it-is-back"])]
    to: Annotated[str, Field(min_length=1, max_length=320, examples=["me@shop.example"])]
    version: Annotated[str, Field(max_length=20)] = PUBLISHED
    contact: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    store: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    product: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    variant: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    language: Annotated[str | None, Field(min_length=1, max_length=35)] = None


@router.get(
    "/v1/conversations/{code}/preview",
    summary="Show the messages of a conversation",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID, Kind.BUSY),
)
async def preview_stored(
    code: Code,
    services: InjectedServices,
    version: Version = PUBLISHED,
    message: MessageName = None,
    language: Language = None,
    contact: Id = None,
    store: Id = None,
    product: Id = None,
    variant: Id = None,
) -> PreviewedMessages:
    """As this contact would read them about this product; who and what is not named is made up."""
    document = await services.versions.document(Which.named(f"{code}@{version}"))
    return await services.previews.preview(document, About(contact, store, product, variant), message, language)


@router.post(
    "/v1/conversations/preview",
    summary="Show the messages of a conversation document",
    dependencies=[needs(Scope.PUBLISH)],
    openapi_extra=_YAML,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID, Kind.BUSY),
)
async def preview_document(
    request: Request,
    services: InjectedServices,
    about: Annotated[About, Depends(_product)],
    message: MessageName = None,
    language: Language = None,
) -> PreviewedMessages:
    """For somebody made up: a key that writes conversations need not see people. Keeps nothing, reaches nobody."""
    document = await DOCUMENTS.run(load_document, await request.body(), SOURCE)
    return await services.previews.preview(document, about, message, language)


@router.post(
    "/v1/conversations/{code}/test",
    summary="Send a message to yourself",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID, Kind.TEST_NOT_SENT, Kind.BUSY),
)
async def send_test(
    code: Code, testing: Testing, request: Request, dependencies: InjectedDependencies, actor: Actor
) -> SentTest:
    """One message of a stored version, marked as a test. No journey and no ledger knows of it; the audit does.

    A key may send 10 in a minute. What a contact is shown takes a key that reads people too.
    """
    if testing.contact is not None:
        require_scope(holder_of(request), Scope.READ)
    if seconds := await dependencies.test_limit.seconds_to_wait(holder_of(request).name):
        raise Refusal(
            Kind.TOO_MANY_REQUESTS,
            f"A key may send {TESTS_A_MINUTE} tests in a minute: see Retry-After.",
            headers={"Retry-After": str(seconds)},
        )
    async with dependencies.test_turns.turn():
        return await _send_test(dependencies.services, code, testing, actor)


async def _send_test(services: Services, code: str, testing: Testing, actor: str) -> SentTest:
    about = About(testing.contact, testing.store, testing.product, testing.variant)
    document = await services.versions.document(Which.named(f"{code}@{testing.version}"))
    to = address_for_test(document, testing.message, testing.to)
    context = speaking(await services.previews.facts(about), testing.language)
    return await services.previews.send_test(document, testing.message, to, context, actor)
