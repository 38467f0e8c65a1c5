"""Versions: what is worked on reaches nobody, what is published never changes, and a past version can come back."""

import pytest
from hypothesis import HealthCheck, given, settings

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.responses.versions import VersionSummary
from starter.documents import DocumentInvalid, load_document
from starter.versioning.contents import as_yaml, content_hash
from starter.versioning.live_settings import AlertTaken, ListUnknown
from starter.versioning.publishing import publish
from starter.versioning.versions import SavedMeanwhile, Versions
from starter.versioning.which import NoSuchVersion, Which
from tests.documents.any_document import documents
from tests.product import Product, starter_document

CODE = "back-in-stock"


def written(wait: str = "2 days", comment: str = "") -> str:
    return f"{comment}{as_yaml(starter_document(wait).model_dump(mode='json', by_alias=True))}"


async def save(pool: Pool, text: str, by: str = "ada", based_on: str | None = None) -> str:
    """Save it; its content hash."""
    return (await Versions(pool).save(text, load_document(text, "test"), by, based_on)).content_hash


async def newest(pool: Pool) -> VersionSummary:
    return (await Versions(pool).of(CODE)).versions[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents())
def test_a_document_comes_back_from_its_yaml_as_the_same_content(document: ConversationDocument) -> None:
    text = as_yaml(document.model_dump(mode="json", by_alias=True))
    assert content_hash(load_document(text, "test")) == content_hash(document)


async def test_what_is_worked_on_is_kept_as_written_and_reaches_nobody(pool: Pool) -> None:
    await publish(pool, starter_document())
    text = written("3 days", "# my words\n")
    await save(pool, text)
    document, source = await Versions(pool).working(CODE)
    assert source == text
    assert content_hash(document) == content_hash(starter_document("3 days"))
    assert (await Versions(pool).conversation(CODE)).published == f"{CODE}@1"
    assert (await Versions(pool).document(Which(CODE))) == starter_document()
    assert (await Versions(pool).show(Which.named(f"{CODE}@working"))).source == text


async def test_somebody_elses_newer_work_is_not_written_over(pool: Pool) -> None:
    first = await save(pool, written("3 days"))
    with pytest.raises(SavedMeanwhile, match="saved by ada"):
        await save(pool, written("4 days"), "bob")
    with pytest.raises(SavedMeanwhile):
        await save(pool, written("4 days"), "bob", "another")
    second = await save(pool, written("4 days"), "bob", first)
    with pytest.raises(SavedMeanwhile, match="saved by bob"):
        await save(pool, written("5 days"), "ada", first)
    await save(pool, written("5 days"), "ada", second)
    await save(pool, written("6 days"), "ada")
    # The very same text does no harm, whoever sends it once more.
    assert not (await Versions(pool).save(written("6 days"), starter_document("6 days"), "bob", None)).changed


async def test_what_is_based_on_a_version_that_was_replaced_meanwhile_is_refused(pool: Pool) -> None:
    await publish(pool, starter_document("1 day"))
    await publish(pool, starter_document("2 days"))
    with pytest.raises(SavedMeanwhile, match="no working version"):
        await save(pool, written("3 days"), based_on=content_hash(starter_document("1 day")))
    await save(pool, written("3 days"), based_on=content_hash(starter_document("2 days")))


async def test_a_discarded_draft_of_a_conversation_never_published_leaves_nothing(pool: Pool) -> None:
    await save(pool, written())
    await Versions(pool).discard(CODE, "bob")
    assert (await Versions(pool).all()).conversations == ()
    assert await pool.fetchval("select actor from audit where action = 'discard working version'") == "bob"
    with pytest.raises(NoSuchVersion, match="no working version"):
        await Versions(pool).discard(CODE, "bob")


async def test_a_discarded_draft_of_a_published_conversation_leaves_it_as_it_is(pool: Pool) -> None:
    await publish(pool, starter_document())
    await save(pool, written("3 days"))
    await Versions(pool).discard(CODE, "ada")
    (one,) = (await Versions(pool).all()).conversations
    assert (one.published, one.working) == (f"{CODE}@1", None)


async def test_publishing_what_is_worked_on_clears_it_and_publishing_anything_else_does_not(pool: Pool) -> None:
    text = written("3 days", "# my words\n")
    await save(pool, text)
    await publish(pool, starter_document())
    assert (await Versions(pool).of(CODE)).working is not None
    await publish(pool, starter_document("3 days"), source=text, by="ada")
    assert (await Versions(pool).of(CODE)).working is None
    assert (await Versions(pool).show(Which(CODE, 2))).source == text


async def test_the_list_of_versions_says_who_when_why_and_which(pool: Pool) -> None:
    await publish(pool, starter_document(), by="ada", note="first")
    await publish(pool, starter_document("3 days"), by="bob")
    again = await publish(pool, starter_document(), by="cyd", note="it was better")
    assert (again.number, again.new) == (1, False)
    two, one = (await Versions(pool).of(CODE)).versions
    assert (two.published, two.published_by, [each.by for each in two.publications]) == (False, "bob", ["bob"])
    assert (one.published, one.published_by) == (True, "ada")
    assert [(each.by, each.note) for each in one.publications] == [("ada", "first"), ("cyd", "it was better")]


async def test_the_content_of_a_first_release_is_found_again_though_it_was_hashed_otherwise(pool: Pool) -> None:
    document = starter_document().model_copy(update={"scenarios": ()})
    await pool.execute("insert into conversations (code, name) values ($1, $1)", CODE)
    await pool.execute(
        "insert into versions (id, conversation, number, content_hash, document, program) "
        "values ($1, $2, 1, 'of another time', $3, '{}')",
        f"{CODE}@1",
        CODE,
        document.model_dump(mode="json", by_alias=True, exclude={"goal_on", "exit_on", "scenarios"}),
    )
    assert not (await publish(pool, document)).new
    assert (await publish(pool, starter_document("3 days"))).number == 2
    shown = await Versions(pool).show(Which(CODE, 1))
    assert content_hash(load_document(shown.source, "test")) == content_hash(document)


async def test_a_rollback_publishes_a_past_version_again_with_its_terms(pool: Pool) -> None:
    await publish(pool, starter_document(quantity_threshold=7))
    await publish(pool, starter_document(quantity_threshold=1))
    back = await Versions(pool).rollback(CODE, 1, "ada", "too early")
    assert back is not None
    assert (back.version_id, back.new) == (f"{CODE}@1", False)
    assert await pool.fetchval("select quantity_threshold from alerts") == 7
    assert await pool.fetchval("select count(*) from versions") == 2
    assert (await Versions(pool).of(CODE)).versions[1].publications[-1].note == "too early"
    with pytest.raises(NoSuchVersion, match="version 9"):
        await Versions(pool).rollback(CODE, 9, "ada", None)
    with pytest.raises(NoSuchVersion, match="no conversation"):
        await Versions(pool).rollback("none", 1, "ada", None)


async def test_a_rollback_is_refused_where_publishing_would_be(pool: Pool) -> None:
    await publish(pool, starter_document())
    everyone = starter_document().list
    await publish(
        pool,
        starter_document().model_copy(
            update={"list": everyone.model_copy(update={"code": "few", "only_by_name": True})}
        ),
    )
    # Its place on the list went to another conversation meanwhile.
    text = written().replace(CODE, "another").replace("type: another", f"type: {CODE}")
    await publish(pool, load_document(text, "test"))
    with pytest.raises(AlertTaken):
        await Versions(pool).rollback(CODE, 1, "ada", None)
    assert (await Versions(pool).conversation(CODE)).published == f"{CODE}@2"


async def test_a_past_version_in_which_todays_rules_find_mistakes_does_not_come_back(pool: Pool) -> None:
    await publish(pool, starter_document())
    broken = starter_document().model_dump(mode="json", by_alias=True)
    broken["threads"][0]["steps"] = [{"send": "nobody-wrote-this"}]
    await pool.execute(
        "insert into versions (id, conversation, number, content_hash, document, program) "
        "values ($1, $2, 2, 'of another time', $3, '{}')",
        f"{CODE}@2",
        CODE,
        broken,
    )
    with pytest.raises(DocumentInvalid, match="nobody-wrote-this"):
        await Versions(pool).rollback(CODE, 2, "ada", None)


async def test_a_list_of_nobody_is_refused_at_publish_and_told_where(pool: Pool) -> None:
    text = written().replace("steps:\n", "steps:\n  - add_to_list: nobody\n", 1)
    with pytest.raises(
        ListUnknown, match=r"threads\[0\]\.steps\[0\]\.add_to_list: there is no list 'nobody'.*'default'"
    ):
        await publish(pool, load_document(text, "test"))
    assert await pool.fetchval("select count(*) from versions") == 0
    await publish(pool, load_document(text.replace("nobody", "default"), "test"))


async def test_a_journey_under_way_gets_the_words_of_its_own_version(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("a")
    await product.at_rest()
    said = await product.mail_to("a") if product.mailbox.mails else None
    document = starter_document()
    messages = {
        code: message.model_copy(update={"subject": f"Second: {code}"}) for code, message in document.messages.items()
    }
    await publish(product.pool, document.model_copy(update={"messages": messages}))
    assert (await newest(product.pool)).number == 2
    open_on = {each.number: each.open_journeys for each in (await Versions(product.pool).of(CODE)).versions}
    assert open_on == {1: 1, 2: 0}
    await product.shop.has("v", 1)
    subject = await product.mail_to("a", after=1 if said else 0)
    assert "Blue kettle" in subject
    assert "Second" not in subject
