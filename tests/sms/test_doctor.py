"""The check-up looks whether text messages have a provider, and whether it knows us."""

import pytest
from pydantic import SecretStr

from activities.postgres.pool import Pool
from schemas.settings import Settings
from starter.ops.checkup import examine
from starter.versioning.publishing import publish
from tests.simulated.sms import FROM, Answer, SimulatedTwilio
from tests.sms.told import document


async def found(settings: Settings) -> dict[str, tuple[str, str]]:
    return {each.component: (each.health, each.found) for each in (await examine(settings)).findings}


async def test_a_conversation_that_sends_texts_without_a_provider_is_named(pool: Pool, database_url: str) -> None:
    settings = Settings.model_validate({"DATABASE_URL": database_url})
    assert "text messages" not in await found(settings)
    await publish(pool, document())
    assert (await found(settings))["text messages"][1].endswith("'back-in-stock' would send some")
    assert (await found(settings))["sms"] == ("good", "no provider is set, and no text message is sent")


@pytest.mark.parametrize(
    ("answer", "health", "said"),
    [(None, "good", "Twilio answers and knows the key"), (Answer.LOGIN, "bad", "Twilio: does not know the key")],
)
async def test_the_provider_is_asked_whether_it_knows_the_login(
    database_url: str, answer: Answer | None, health: str, said: str
) -> None:
    async with SimulatedTwilio() as twilio:
        if answer is not None:
            twilio.answer_next(answer)
        settings = Settings.model_validate(
            {"DATABASE_URL": database_url, "sms_provider": "twilio", "sms_key_id": "AC1", "sms_url": twilio.url}
            | {"sms_secret": SecretStr("token"), "sms_sender": FROM}
        )
        assert (await found(settings))["sms"] == (health, said)
        assert twilio.taken == []
    lacking = settings.model_copy(update={"sms_secret": None})
    assert "SHELFTALK_SMS_SECRET is not set" in (await found(lacking))["sms"][1]
