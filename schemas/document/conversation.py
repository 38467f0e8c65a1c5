"""The conversation document: what a marketer writes, as models. Reading it from YAML is starter/documents.

A document is one programme: the list it speaks for, the alerts that raise its events, the threads that answer
them, and the messages they send. It grows by new kinds of step, new alert types and new sections; a field that
is not known is an error, never ignored.
"""

import re
from datetime import time, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas.attribution import Attribution
from schemas.channels import Channel
from schemas.criteria import Criteria
from schemas.document.alert_types.registry import AlertSection
from schemas.document.experiment import Experiment
from schemas.document.scenarios import MOST_SCENARIOS, ScenarioSection
from schemas.document.steps import MOST_STEPS, StepSection
from schemas.languages import find_language
from schemas.model import Section
from schemas.names import Code, ContactEventName, EventName, Label, StoreName
from schemas.time.durations import Duration
from schemas.time.zones import find_zone


def _known_zone(name: str) -> str:
    zone = find_zone(name)
    if zone is None:
        raise ValueError(f"{name!r} is not a time zone: write a name like 'Europe/Berlin', 'America/New_York' or 'UTC'")
    return zone


TimeZone = Annotated[str, AfterValidator(_known_zone)]
LONGEST_TOGETHER = timedelta(days=1)
"""A place is kept meanwhile, and nobody else is told of its units."""


def _some_time(length: timedelta) -> timedelta:
    if not length:
        raise ValueError("no time at all caps nothing: write for example '4 hours'")
    return length


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class QuietHours(Section, title="Quiet hours"):
    """Hours by the list's clock in which no message leaves."""

    starts: time = Field(alias="from")
    """When they begin, like 21:00."""
    ends: time = Field(alias="until")
    """When they end, like 08:00."""


class Cap(Section, title="At most"):
    """How many messages one person gets in how much time."""

    messages: Annotated[int, Field(ge=1, le=1000, strict=True)]
    """How many, from 1 to 1000."""
    per: Annotated[Duration, AfterValidator(_some_time)]
    """In how much time, like 4 hours."""


_LOOP = re.compile(r"\{%-?\s*for\s+\w+\s+in\s+together\b")


def loops_over_together(*templates: str | None) -> bool:
    """Whether each of these templates, of those that there are, goes through all that is told in one message."""
    return all(_LOOP.search(each) for each in templates if each)


MOST_WAITING = 1_000_000_000
"""A larger number is a mistake."""


def _some_wait(length: timedelta) -> timedelta:
    if not length or length > LONGEST_TOGETHER:
        raise ValueError("that is no time to wait for others in: write from '1 minute' to '1 day'")
    return length


class ListSection(Section, title="List"):
    """The list that alerts belong to, with what its messages share."""

    code: Code = "default"
    """Its short name. Two conversations may name the same list."""
    name: Label = "Everyone"
    """Its name for people."""
    stores: Annotated[tuple[StoreName, ...], Field(min_length=1, max_length=1000)] | None = None
    """The shops it is for, by their ids like shop.example, in quotes; all when left out. Everyone enters only there."""
    only_by_name: Annotated[bool, Field(strict=True)] = False
    """Whether only sign-ups that name this list enter it, so that one shop can have several lists by sign-up."""
    time_zone: TimeZone = "UTC"
    """Where its days and nights are, like Europe/Berlin."""
    quiet_hours: QuietHours | None = None
    """Hours in which no message leaves; each is checked again when they end."""
    at_most: Cap | None = None
    """The most messages that one person gets in a time; what is above it is put off and keeps its place."""
    together_within: Annotated[Duration, AfterValidator(_some_wait)] | None = None
    """For how long, up to a day, an alert's message that loops over 'together' waits for what else comes back for the
    same person, to tell it in one. Each is told by itself, at once, when left out.
    """
    locations: Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000)] | None = None
    """The storefront's ids of the locations whose units count, in quotes; all when left out."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    """Three capital letters, like EUR; any when left out."""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    """Two capital letters, like US: its phone numbers may be written as people there write them."""
    sender: Label | None = None
    """The From address, like Blue Shop <hello@shop.example>."""
    track_clicks: Annotated[bool, Field(strict=True)] = False
    """Whether its messages' links to the shop's own pages lead through Shelftalk, so that clicks are known."""
    track_opens_in: Annotated[tuple[Country, ...], Field(min_length=1, max_length=250)] | None = None
    """The countries, like US, in which it may be known that a mail was opened; nowhere when left out.
    Where a contact is says their attribute country.
    """
    attribution: Attribution | None = None
    """Within how many days orders are credited to its messages; as the installation has it when left out."""
    tell_when_waiting: Annotated[int, Field(ge=1, le=MOST_WAITING, strict=True)] | None = None
    """How many must wait in one line for you to be told, once, that it is long; never when left out."""
    double_opt_in: Code | None = None
    """The message that asks who signs up whether it was them; their place counts once they say yes. Not asked when left
    out.
    """

    def is_for(self, store_id: str) -> bool:
        """Whether contacts of this store enter it."""
        return self.stores is None or store_id in self.stores


class ThreadSection(Section, title="Thread"):
    """One path: its steps from top to bottom."""

    name: Label
    """Its name, which go_to leads to."""
    on: EventName | None = None
    """The event it is entered on: an alert's, like back-in-stock.alert, or what a contact does, like joined_list.
    Without it, only a go_to leads here.
    """
    when: Criteria | None = None
    """Who enters here: those for whom these criteria hold; everyone when left out."""
    steps: Annotated[tuple[StepSection, ...], Field(min_length=1, max_length=MOST_STEPS)]
    """What is done, from top to bottom."""


def _known_language(tag: str) -> str:
    language = find_language(tag)
    if language != tag:
        write = f"write it as '{language}'" if language else "write a tag like 'de', 'en' or 'pt-BR'"
        raise ValueError(f"{tag!r} is not the tag of a language: {write}")
    return tag


LanguageTag = Annotated[str, AfterValidator(_known_language)]
DEFAULT_LANGUAGE = "en"
"""What a message is written in, where it does not say."""


class Wording(Section, title="Wording"):
    """What a message says in one language. {{ … }} is filled in for each contact."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)] | None = None
    """Its subject line; every e-mail has one."""
    text: Annotated[str, StringConstraints(min_length=1, max_length=50_000)] | None = None
    """What it says, as plain text; made from the mjml or html when left out."""
    mjml: Annotated[str, StringConstraints(min_length=1, max_length=200_000)] | None = None
    """How it looks, in MJML: <mj-section> and what is in it, or a whole <mjml>."""
    html: Annotated[str, StringConstraints(min_length=1, max_length=200_000)] | None = None
    """How it looks, as HTML, in place of mjml; the text alone is sent when both are left out."""

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        if self.text is None and self.mjml is None and self.html is None:
            raise ValueError("this message says nothing: write its words as 'text:' or as 'mjml:'")
        if self.mjml is not None and self.html is not None:
            raise ValueError("this message looks two ways: write either 'mjml:' or 'html:'")
        return self


class MessageSection(Wording, title="Message"):
    """A template for one channel. {{ … }} is filled in for each contact."""

    channel: Channel
    """How it is sent: email, or sms, which has a text and nothing else."""
    transactional: Annotated[bool, Field(strict=True)] = False
    """Whether the law lets it go to somebody who has not agreed to be written to; never to one who said no."""
    language: LanguageTag | None = None
    """The language of its words, like de, English when left out; all those read it whose language is not in locales."""
    locales: Annotated[dict[LanguageTag, Wording], Field(max_length=50)] = Field(default_factory=dict[str, Wording])
    """The same in other languages, each by its tag: {de: {subject: …, text: …}}."""

    @model_validator(mode="after")
    def _states_its_fall_back(self) -> Self:
        if self.locales and self.language is None:
            raise ValueError(
                "there are other languages, but it is not said which one the words above are in: add 'language', such "
                "as en; whoever speaks none of them reads it"
            )
        if self.language in self.locales:
            raise ValueError(f"the words in {self.language} are among 'locales' too: remove them there")
        return self

    @property
    def fall_back(self) -> str:
        """The language of those whose own is not among the others."""
        return self.language or DEFAULT_LANGUAGE

    @property
    def wordings(self) -> dict[str, Wording]:
        """What it says, by language; its own first."""
        return {self.fall_back: self, **self.locales}

    @property
    def tells_together(self) -> bool:
        """Whether it says, in each of its languages, all that is told in one message."""
        return all(loops_over_together(each.text, each.mjml, each.html) for each in self.wordings.values())

    @model_validator(mode="after")
    def _has_the_parts_of_its_channel(self) -> Self:
        for language, wording in self.wordings.items():
            where = "" if wording is self else f" in {language}"
            match self.channel:
                case Channel.EMAIL if wording.subject is None:
                    raise ValueError(f"an e-mail has a 'subject'{where}: write one")
                case Channel.SMS if wording.subject or wording.mjml or wording.html:
                    raise ValueError(f"a text message has only its 'text'{where}: remove 'subject', 'mjml' and 'html'")
                case _:
                    pass
        return self


class ConversationDocument(Section, title="Conversation"):
    """An automated programme with one goal: what it watches for, its threads of steps, and its messages."""

    conversation: Code
    """Its short name: lower-case letters, digits and hyphens."""
    name: Label
    """Its name for people."""
    goal: Label | None = None
    """What it is for, in words."""
    goal_on: Annotated[tuple[ContactEventName, ...], Field(max_length=10)] = ()
    """What a contact does that reaches the goal: the journey ends at once, wherever it stands."""
    exit_on: Annotated[tuple[ContactEventName, ...], Field(max_length=10)] = ()
    """What a contact does that ends the journey short of its goal."""
    list: ListSection = ListSection()
    """The list it speaks for, with its settings."""
    experiment: Experiment | None = None
    """A share of the contacts that is told nothing, to see what the messages change."""
    alerts: Annotated[dict[Code, AlertSection], Field(max_length=20)] = Field(default_factory=dict[str, Any])
    """What to watch for, each by its short name."""
    threads: Annotated[tuple[ThreadSection, ...], Field(min_length=1, max_length=50)]
    """The paths through it. Of several on one event, the first whose criteria hold is entered."""
    messages: Annotated[dict[Code, MessageSection], Field(min_length=1, max_length=200)]
    """What is said, each by its short name."""
    scenarios: Annotated[tuple[ScenarioSection, ...], Field(max_length=MOST_SCENARIOS)] = ()
    """Its own tests: lives of a contact, and what is expected of the conversation in each."""
