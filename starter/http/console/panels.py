"""The panel beside a conversation's tree: the form of the part that is written, or of what is added."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.document.steps import STEP_KINDS
from starter.authoring.changes import CODED, Act, Change, added_model
from starter.authoring.form_fields import FormField
from starter.authoring.marked_yaml import Plain, read_yaml
from starter.authoring.section_forms import BRANCHES, form_of, posted_form, section_at, with_mistakes
from starter.http.console.drafting import Draft, Meanwhile, suggestions
from starter.http.console.field_words import said_in
from workflows.compiler.diagnostics import format_path


@dataclass(frozen=True, slots=True)
class Panel:
    """The part that is written, or what is added.

    Attributes:
        change: what its form would do.
        title: what it is called: the title of its model.
        kinds: what may be added here, to be chosen from first; empty: it is chosen, or nothing is.
        draft: what the form says now, with its mistakes; None: it was not sent.
        refused: why the change cannot be made here.
        moves: it stands in a list, in which it may change places.
        branches: the place of its branches, to which another may be added; empty: it has none.
        languages: the other languages of a message; None: it is none.
    """

    change: Change
    title: str = ""
    hint: str = ""
    fields: tuple[FormField, ...] = ()
    kinds: tuple[str, ...] = ()
    draft: Draft | None = None
    refused: str = ""
    meanwhile: Meanwhile | None = None
    moves: bool = False
    branches: str = ""
    languages: tuple[str, ...] | None = None

    @property
    def path(self) -> str:
        """Of the part in the document."""
        return format_path(self.change.place)

    @property
    def asks_code(self) -> str:
        """What it is added to, where it is known there by a short name or a language; else empty."""
        last = self.change.place[-1:]
        return str(last[0]) if self.change.act is Act.ADD and last and last[0] in CODED else ""

    @property
    def of_message(self) -> str:
        """The message that a wording is of; empty: the panel is of none."""
        place = self.change.place
        return str(place[1]) if place[:1] == ("messages",) and len(place) > 2 else ""

    @property
    def is_message(self) -> bool:
        """Whether it is a message, or one in another language, which can be looked at as it is written."""
        return self.change.place[:1] == ("messages",)

    @property
    def has_criteria(self) -> bool:
        """Whether its form asks for criteria."""
        return any(each.criteria is not None for each in self.fields)

    def filled_in(self, posted: Mapping[str, str], add_to: str = "") -> "Panel":
        """With what was sent in its fields; `add_to` as in `posted_form`."""
        return replace(self, fields=posted_form(self.fields, posted, add_to))

    def refused_by(self, draft: Draft) -> "Panel":
        """With the mistakes of what was sent, each beside its field."""
        place = self.change.place if self.change.act is not Act.ADD else self.change.added_at
        return replace(self, draft=draft, fields=with_mistakes(self.fields, place, draft.told))


def panel_of(document: ConversationDocument, text: str, change: Change, language: str) -> Panel | None:
    """The panel for a change that nobody has made yet; None: there is nothing to be written there.

    Args:
        language: in which it is read.
    """
    says = read_yaml(text).value
    if change.act is Act.ADD:
        model = added_model(change.place, change.kind)
        if model is None:
            return Panel(change, kinds=tuple(AlertType) if change.place == ("alerts",) else STEP_KINDS)
        # Another language begins with the words that are to be said in it.
        found = section_at(says, change.place[:-1]) if change.place[-1:] == ("locales",) else None
        begun: Mapping[str, Plain] = {} if found is None else found[1]
    else:
        found = section_at(says, change.place)
        if found is None:
            return None
        model, begun = found
    title, hint, fields = said_in(language, model, form_of(model, begun, suggestions(document)))
    if change.act is Act.ADD:
        return Panel(change, title, hint, fields)
    kind = getattr(model, "kind", "")
    return Panel(
        change,
        title,
        hint,
        fields,
        moves=isinstance(change.place[-1], int) if change.place else False,
        branches=format_path((*change.place, kind)) if kind in BRANCHES else "",
        languages=tuple(document.messages[str(change.place[1])].locales) if model is MessageSection else None,
    )
