"""A new conversation of one alert, from what somebody chose: the alert, its list, and messages with their first words.

Pure. Only what differs from a default is written, and each message that an option needs is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from schemas.channels import Channel
from schemas.document.alert_types.registry import ALERT_TYPES, AnyAlert
from schemas.document.alert_types.vocabulary import Action, AlertEvent, AlertType
from schemas.document.conversation import ListSection
from starter.authoring.editing import LEFT_OUT
from starter.authoring.form_fields import FormField
from starter.authoring.marked_yaml import Plain
from starter.authoring.section_forms import form_of, posted_form, values_of
from starter.authoring.yaml_writing import written_block
from workflows.compiler.diagnostics import Path

TOLD, AGAIN, CONFIRMED, GONE = "told", "reminder", "confirmation", "farewell"
"""The messages of the threads, by their short names."""
LANGUAGES = ("en", "de")
"""That there are first words in."""


USUAL_TYPE = next(iter(AlertType))
"""What is set up where nothing else was chosen."""


@dataclass(frozen=True, slots=True)
class AlertSetup:
    """What was chosen.

    Attributes:
        kind: the type of the alert.
        code, name: of the conversation; its alert has the same short name.
        fields: of the forms of the alert and of its list, as they were filled in; the two have none in common.
        language: that the messages are written in.
        confirms: who signs up hears at once that they are in line.
        says_farewell: who waits hears when it is gone for good.
    """

    kind: AlertType = USUAL_TYPE
    code: str = ""
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    channel: Channel = Channel.EMAIL
    language: str = "en"
    confirms: bool = False
    says_farewell: bool = False

    @property
    def model(self) -> type[AnyAlert]:
        """Of the alert."""
        return ALERT_TYPES[self.kind]

    @property
    def alert_place(self) -> Path:
        """Of the alert in the document."""
        return ("alerts", self.code)

    def alert_form(self, add_to: str = "") -> tuple[FormField, ...]:
        """The fields of the alert, as they were filled in or else at their defaults; of a choice without one, the
        first. `add_to` as in `posted_form`.
        """
        fields = [replace(each, value=each.value or (*each.options, "")[0]) for each in form_of(self.model, {})]
        return self._filled_in([each for each in fields if each.name != "name"], add_to)

    def list_form(self, add_to: str = "") -> tuple[FormField, ...]:
        """The fields of the list, likewise."""
        return self._filled_in(form_of(ListSection, {}), add_to)

    def _filled_in(self, form: Sequence[FormField], add_to: str) -> tuple[FormField, ...]:
        filled = posted_form(form, self.fields, add_to) if self.fields else form
        # What was chosen for another type of alert may be no choice of this one.
        return tuple(
            replace(now, value=first.value) if now.options and now.value not in now.options else now
            for first, now in zip(form, filled, strict=True)
        )

    def text(self) -> str:
        """The document, as it would be saved."""
        # The field of that name is the list's.
        of_alert = {name: text for name, text in self.fields.items() if name != "name"}
        alert = {"type": str(self.kind), "name": self.name, **_said(values_of(self.model, {}, of_alert))}
        list_ = _said(values_of(ListSection, {}, self.fields))
        document: dict[str, Any] = {"conversation": self.code, "name": self.name}
        document |= {"list": list_} if list_ else {}
        document |= {"alerts": {self.code: alert}, "threads": self._threads(alert)}
        document["messages"] = self._messages(alert, list_)
        return written_block(cast("Plain", document), 0, "\n") + "\n"

    def _threads(self, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = [
            (TOLD, AlertEvent.ALERT, True),
            (AGAIN, AlertEvent.FOLLOW_UP, bool(alert.get("reminders"))),
            (CONFIRMED, AlertEvent.SUBSCRIPTION, self.confirms and alert.get("action") == Action.SIGN_UP),
            (GONE, AlertEvent.DISCONTINUED, self.says_farewell),
        ]
        return [
            {"name": _words(self.language)["threads"][message], "on": f"{self.code}.{event}", "steps": [_send(message)]}
            for message, event, there in found
            if there
        ]

    def _messages(self, alert: Mapping[str, Any], list_: Mapping[str, Any]) -> dict[str, Any]:
        sent = {thread["steps"][0]["send"]: thread["steps"][0]["send"] for thread in self._threads(alert)}
        sent[TOLD] = str(self.kind)
        for each in alert.get("while_waiting", []):
            if isinstance(each, dict) and isinstance(code := cast("dict[str, Any]", each).get("send"), str):
                sent.setdefault(code, "still-waiting")
        if isinstance(question := list_.get("double_opt_in"), str):
            sent[question] = "question"
        return {code: self._message(kind) for code, kind in sent.items()}

    def _message(self, kind: str) -> dict[str, Any]:
        words = _words(self.language)
        paragraphs = [each.replace("THING", words["thing"]) for each in words[kind]["text"]]
        own = {} if self.language == "en" else {"language": self.language}
        if self.channel is Channel.SMS:
            return {"channel": "sms", **own, "text": f"{paragraphs[0]} {{{{ product.url }}}}"}
        head = {"channel": "email", **own, "subject": words[kind]["subject"]}
        return {**head, "mjml": _look(paragraphs, words, kind)}


def _look(paragraphs: list[str], words: Mapping[str, Any], kind: str) -> str:
    """Paragraphs as MJML, with a button to the product, and at the end what every mail has."""
    lines = [f"  <mj-text>{each}</mj-text>" for each in paragraphs]
    if kind not in ("farewell", "question"):
        lines.append(f'  <mj-button href="{{{{ product.url }}}}">{words["button"]}</mj-button>')
    links = [("links.unsubscribe", words["unsubscribe"])]
    if kind in ("still-waiting", "confirmation"):
        links.insert(0, ("links.page", words["stop_waiting"]))
    said = "".join(
        f'\n    {{%- if {name} %}} · <a href="{{{{ {name} }}}}">{text}</a>{{% endif %}}' for name, text in links
    )
    foot = f'  <mj-text mj-class="small">\n    {{{{ shop.name }}}}{said}\n  </mj-text>'
    return "\n".join(["<mj-section><mj-column>", *lines, foot, "</mj-column></mj-section>", ""])


def _send(message: str) -> dict[str, str]:
    return {"send": message, "id": message}


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not LEFT_OUT}


@cache
def _words(language: str) -> Mapping[str, Any]:
    file = files("starter.authoring").joinpath("first_words", f"{language}.yaml")
    return cast("dict[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")))
