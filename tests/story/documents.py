"""The conversations of these stories: one alert each, with a mail for every event that is answered."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from schemas.channels import Channel
from schemas.document.alert_types.registry import AlertSection
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument, ListSection, MessageSection, ThreadSection
from schemas.document.steps import SendStep, Status

Section: TypeAdapter[AlertSection] = TypeAdapter(AlertSection)


def programme(
    code: str,
    terms: Mapping[str, object],
    *answers: AlertEvent,
    status: Status = Status.LIVE,
    **of_list: object,
) -> ConversationDocument:
    """The conversation of one alert, on a list of its own that sign-ups name, all three of the same short name.

    Args:
        terms: what the alert says, as a document would.
        answers: the events that are answered beside the alert itself; the subject of each mail is `<code> <event>`.
        of_list: other settings of the list.
    """
    events = (AlertEvent.ALERT, *answers)
    return ConversationDocument(
        conversation=code,
        name=code,
        list=ListSection.model_validate({"code": code, "name": code, "only_by_name": True} | of_list),
        alerts={code: Section.validate_python(terms)},
        threads=tuple(
            ThreadSection(name=event, on=f"{code}.{event}", steps=(SendStep(send=event, status=status),))
            for event in events
        ),
        messages={
            event: MessageSection(channel=Channel.EMAIL, subject=f"{code} {event}", text="{{ product.title }}")
            for event in events
        },
    )


def back(**terms: object) -> dict[str, object]:
    """Back in stock by sign-up."""
    return {"type": "back-in-stock", "action": "sign-up"} | terms


def cheaper(by: str = "10%", **terms: object) -> dict[str, object]:
    """A price drop by browsing."""
    return {"type": "price-drop", "action": "browse", "drops_by": by} | terms


def nearly_gone(low_at: int = 3, **terms: object) -> dict[str, object]:
    """Low inventory by cart."""
    return {"type": "low-inventory", "action": "cart", "low_at": low_at} | terms
