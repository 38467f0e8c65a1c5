"""The JSON Schema of conversations, for whoever writes them away from a checkout."""

from starter.authoring.schema import conversation_schema
from tests.http.web import Web, problem


async def test_the_schema_is_answered_as_it_is_published(web: Web) -> None:
    answer = await web.keyed.get("/v1/conversation-schema")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.text == conversation_schema()


async def test_the_schema_needs_a_key_like_everything_about_conversations(web: Web) -> None:
    problem(await web.open.get("/v1/conversation-schema"), 401, "key-needed")
