"""What an editor shows of each section and field of a conversation while it is written; docs/conversations.md and
docs/alerts.md say more.
"""

from collections.abc import Mapping
from inspect import getdoc

from pydantic import BaseModel

from schemas.alert_types.registry import ALERT_TYPES
from schemas.alerts import Reminders
from schemas.conversation import ConversationDocument, ListSection, MessageSection, QuietHours, ThreadSection
from schemas.scenarios import (
    EngagementSection,
    ExpectSection,
    HappeningSection,
    OrdersSection,
    ProductSection,
    ProfileSection,
    ScenarioSection,
)
from schemas.steps import (
    AddTagStep,
    AddToListStep,
    ArmSection,
    BranchSection,
    CallWebhookStep,
    DecideStep,
    ExitStep,
    GoToStep,
    SendStep,
    SetAttributeStep,
    SplitStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)

_ID = "The step's own name, where the one made from what it does is taken. Reports and running journeys go by it."


def _own_words(model: type[BaseModel]) -> tuple[str, str, Mapping[str, str]]:
    """Of a section whose fields say in their docstrings what they mean."""
    meanings = {name: field.description or "" for name, field in model.model_fields.items()}
    return model.model_config.get("title") or "", getdoc(model) or "", meanings


STEP = ("Step", "One thing to do.")
CRITERIA = "Conditions on the contact, the product and orders: one, or several joined by all, any or not."
WORDS: Mapping[type[BaseModel], tuple[str, str, Mapping[str, str]]] = {
    ConversationDocument: (
        "Conversation",
        "An automated programme with one goal: what it watches for, its threads of steps, and its messages.",
        {
            "conversation": "Its short name: lower-case letters, digits and hyphens.",
            "name": "Its name for people.",
            "goal": "What it is for, in words.",
            "goal_on": "What a contact does that reaches the goal: the journey ends at once, wherever it stands.",
            "exit_on": "What a contact does that ends the journey short of its goal.",
            "list": "The list it speaks for, with its settings.",
            "alerts": "What to watch for, each by its short name.",
            "threads": "The paths through it. Of several on one event, the first whose criteria hold is entered.",
            "messages": "What is said, each by its short name.",
            "scenarios": "Its own tests: lives of a contact, and what is expected of the conversation in each.",
        },
    ),
    ListSection: (
        "List",
        "The list that alerts belong to, with what its messages share.",
        {
            "code": "Its short name. Two conversations may name the same list.",
            "name": "Its name for people.",
            "time_zone": "Where its days and nights are, like Europe/Berlin.",
            "quiet_hours": "Hours in which no message leaves; each is checked again when they end.",
            "locations": "The storefront's ids of the locations whose units count, in quotes; all when left out.",
            "currency": "Three capital letters, like EUR; any when left out.",
            "sender": "The From address, like Blue Shop <hello@shop.example>.",
        },
    ),
    QuietHours: (
        "Quiet hours",
        "Hours by the list's clock in which no message leaves.",
        {"from": "When they begin, like 21:00.", "until": "When they end, like 08:00."},
    ),
    **{model: _own_words(model) for model in ALERT_TYPES.values()},
    Reminders: (
        "Reminders",
        "Follow-ups after the alert; each is checked anew.",
        {"after": "How long after the alert's thread, and after each reminder.", "times": "How many, 1 to 10."},
    ),
    ThreadSection: (
        "Thread",
        "One path: its steps from top to bottom.",
        {
            "name": "Its name, which go_to leads to.",
            "on": "The event it is entered on: an alert's, like back-in-stock.alert, or what a contact does, like "
            "joined_list. Without it, only a go_to leads here.",
            "when": "Who enters here: those for whom these criteria hold; everyone when left out.",
            "steps": "What is done, from top to bottom.",
        },
    ),
    MessageSection: (
        "Message",
        "A template for one channel. {{ … }} is filled in for each contact.",
        {
            "channel": "How it is sent.",
            "subject": "Its subject line.",
            "text": "What it says, as plain text.",
            "html": "What it says, as HTML; the text alone is sent when left out.",
        },
    ),
    SendStep: (
        "Send",
        "Send a message, if it is still true.",
        {
            "send": "The short name of a message below.",
            "id": _ID,
            "status": "live: it is sent. manual: when somebody has approved it for this contact. draft: not at all.",
        },
    ),
    WaitStep: ("Wait", "Let time pass.", {"wait": "How long, like 2 days.", "id": _ID}),
    WaitUntilStep: (
        "Wait until",
        "Rest until a moment by the contact's clock.",
        {"wait_until": "A time of day, weekdays or a date: 09:00, monday 09:00, weekday 09:00, 2026-12-24.", "id": _ID},
    ),
    WaitForStep: (
        "Wait for an event",
        "Wait until the contact does something, for so long at most.",
        {
            "wait_for": "What they may do; the first of these counts.",
            "within": "How long it is waited for.",
            "happened": "What is done then.",
            "did_not": "What is done when the time is over.",
            "id": _ID,
        },
    ),
    DecideStep: (
        "Decide",
        "The first branch whose criteria hold.",
        {"decide": "The branches, in order.", "otherwise": "What is done when no criteria hold.", "id": _ID},
    ),
    BranchSection: (
        "Branch",
        "Steps for those of whom the criteria hold.",
        {"name": "Its name, in paths and reports.", "when": "Who goes this way.", "steps": "What is done."},
    ),
    SplitStep: (
        "Split",
        "Divide contacts by chance; the same contact always goes the same way.",
        {"split": "The ways, each with its share.", "id": _ID},
    ),
    ArmSection: (
        "Way",
        "Steps for a share of all contacts.",
        {
            "name": "Its name, in paths and reports.",
            "share": "Its weight: shares of 1 and 3 are a quarter and three quarters.",
            "steps": "What is done.",
        },
    ),
    SetAttributeStep: (
        "Set an attribute",
        "Note something about the contact.",
        {
            "set_attribute": "The attribute's name, as criteria ask for it: contact.attributes.<name>.",
            "to": "A text, a whole number, or true or false.",
            "id": _ID,
        },
    ),
    AddTagStep: ("Add a tag", "Tag the contact.", {"add_tag": "The tag.", "id": _ID}),
    AddToListStep: (
        "Add to a list",
        "Make the contact a member of a list.",
        {"add_to_list": "The list's short name.", "id": _ID},
    ),
    CallWebhookStep: (
        "Call a webhook",
        "Tell another system, signed.",
        {
            "call_webhook": "The address, like https://crm.example.com/hook.",
            "required": "Whether the contact waits here when it does not answer in a day; else they go on.",
            "id": _ID,
        },
    ),
    GoToStep: ("Go to a thread", "Go on with another thread.", {"go_to": "The thread's name.", "id": _ID}),
    ExitStep: ("Exit", "Leave the thread here.", {"exit": "Why, for people.", "id": _ID}),
    ScenarioSection: (
        "Scenario",
        "One rehearsal: who enters, what happens to them, and what is expected.",
        {
            "name": "Its name, in what test-run and check tell.",
            "profile": "Who enters.",
            "product": "What it is about, as it is when they enter.",
            "enters": "When, by the list's clock; a Monday morning when left out.",
            "alert": "Whose queue they enter; that of the first thread when left out.",
            "on": "The event they enter on, of a conversation without an alert; the first thread's when left out.",
            "event_properties": "The properties of that event.",
            "happens": "What happens after that.",
            "expect": "What is expected. What is sent is told in full and in order.",
        },
    ),
    ProfileSection: (
        "Profile",
        "The contact of a scenario.",
        {
            "id": "Whose chance it is: another contact may go another way of a split.",
            "attributes": "As criteria and messages ask for them.",
            "tags": "Their tags.",
            "lists": "The lists they have joined.",
            "consent": "Whether they agreed to be written to.",
            "orders": "What they had ordered before.",
            "engagement": "What they had done with messages before.",
            "time_zone": "Where they live, like Europe/Berlin; the list's when left out.",
            "last_entered": "When they entered the last time before this.",
        },
    ),
    OrdersSection: (
        "Orders",
        "What the contact had ordered before they entered.",
        {
            "count": "How many orders.",
            "last": "When they last ordered anything.",
            "bought_this": "When they last bought this product.",
        },
    ),
    EngagementSection: (
        "Engagement",
        "What the contact had done with messages before they entered.",
        {
            "last_open": "When they last opened one.",
            "last_click": "When they last clicked in one.",
            "last_message": "When one was last sent to them.",
        },
    ),
    ProductSection: (
        "Product",
        "What a scenario is about, as it is when the contact enters.",
        {
            "title": "Its title.",
            "vendor": "Its vendor.",
            "tags": "Its tags.",
            "collections": "The collections it is in.",
            "price": "Its price.",
            "units": "How many there are; as many as there is something to wait for, when left out.",
            "counted": "Whether its units are counted.",
            "on_sale": "Whether it is for sale.",
            "variant": "The variant's title.",
            "sku": "The variant's SKU.",
        },
    ),
    HappeningSection: (
        "Happening",
        "One thing that happens: after a time since entering, or at a moment; at once when neither is said.",
        {
            "after": "How long after they entered, like 3 days.",
            "at": "When, by the list's clock, like 2026-03-05 09:00.",
            "stock": "There are so many units now.",
            "price": "It costs this now.",
            "on_sale": "Whether it is for sale now.",
            "ordered": "They order it (true), or another product (another).",
            "event": "They do this.",
            "consent": "They agree to be written to, or take it back.",
            "paused": "Somebody pauses the conversation, or resumes it.",
            "provider": "The mail provider cannot be reached, or can again.",
            "discontinued": "It is gone for good.",
            "approves": "Somebody approves this message, which has status: manual.",
            "declines": "Somebody declines it.",
            "webhook": "The other system does not take calls, or does again.",
        },
    ),
    ExpectSection: (
        "Expectation",
        "One thing that is expected.",
        {
            "after": "How long after they entered, to the minute; whenever, when left out.",
            "at": "When, by the list's clock; whenever, when left out.",
            "sends": "This message is sent next.",
            "refused": "This message is not sent.",
            "held": "This message waits for approval at the end.",
            "ends": "How the journey ends; never: it rests until somebody does something.",
            "branch": "The id of a step that divides: they go the way that takes says.",
            "takes": "The name of the way on: a branch's, or otherwise; happened or did_not of a wait_for.",
            "path": "The ids of steps they come by, in this order; others may lie between.",
            "not_entered": "They do not enter, for this reason.",
            "reason": "Why, for refused and ends.",
        },
    ),
}
"""Of each section: its title, what it is, and what each field means, by the name it is written with."""
