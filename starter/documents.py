"""Reads a conversation document and explains everything that is wrong in it, all in one go, by path and line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Self

from pydantic import ValidationError

from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.model import Model
from starter.authoring.alert_explanations import find_sender_errors
from starter.authoring.explanations import explain, find_clock_errors, find_empty
from starter.authoring.marked_yaml import Mark, MarkedTree, NotYaml, read_yaml
from starter.authoring.message_checks import (
    MessageParts,
    find_message_errors,
    find_message_links,
    find_message_notes,
    message_parts,
)
from starter.authoring.step_explanations import find_address_errors, find_address_warnings, find_repeated_ids
from starter.rehearsing.checks import find_scenario_errors
from starter.rehearsing.expecting import find_unmet_expectations
from starter.rehearsing.run import RunTester
from workflows.compiler.compile import find_errors
from workflows.compiler.diagnostics import Diagnostic, format_path
from workflows.compiler.lint import find_lint_warnings

STARTER_CONVERSATION = FilePath(__file__).parent / "conversations" / "back-in-stock.yaml"
"""The conversation a new shop begins with."""

MOST_SHOWN = 50
"""Mistakes that are listed: nobody mends more in one go, and an answer is not larger than the document."""


class MarkedDiagnostic(Model):
    """An error in a file or, among warnings, something that was probably not meant.

    Attributes:
        line, column: counted from 1.
        path: where in the document, like `threads[0].steps[2].wait`; empty for the document as a whole.
        message: what is wrong.
        advice: what to do about it.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    advice: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        stop = "" if self.advice.endswith("?") else "."
        return f"{where}{self.path + ': ' if self.path else ''}{self.message}. {self.advice}{stop}"


class InstallationReport(Model):
    """What publishing a document would meet in one installation.

    Attributes:
        refused: why it would be refused; None: it would not.
        warnings: where nobody could enter.
        not_asked: why the installation could not say; None: it did.
    """

    refused: str | None = None
    warnings: tuple[str, ...] = ()
    not_asked: str | None = None


class CheckReport(Model):
    """What `shelftalk conversation check` tells: of mistakes and of warnings the first `MOST_SHOWN`.

    Attributes:
        ok: the document can be published; warnings do not prevent that.
        more: how many mistakes there are besides.
        scenarios: how many of its own were rehearsed.
        differences: the expectations that were not met.
        installation: what publishing it would meet there; None: no installation was asked.
        messages: what each message may have to do without, for some product or contact.
        links: those in messages that lead away from the shop.
    """

    file: str
    ok: bool
    diagnostics: tuple[MarkedDiagnostic, ...] = ()
    more: int = 0
    warnings: tuple[MarkedDiagnostic, ...] = ()
    scenarios: int = 0
    differences: tuple[MarkedDiagnostic, ...] = ()
    installation: InstallationReport | None = None
    messages: tuple[MessageParts, ...] = ()
    links: tuple[MarkedDiagnostic, ...] = ()


class DocumentInvalid(DomainError):
    """The document is invalid; its author fixes it.

    Attributes:
        diagnostics: the first `MOST_SHOWN`, in the order of the file.
    """

    code = "document_invalid"
    kind = ErrorKind.INVALID

    def __init__(self, diagnostics: tuple[MarkedDiagnostic, ...], more: int = 0) -> None:
        rest = (f"There are {more} more mistakes; these are the first {len(diagnostics)}.",) if more else ()
        super().__init__(
            "\n".join([*map(str, diagnostics), *rest]),
            public=" ".join([str(diagnostics[0]), *rest]),
            fields=[
                FieldError(each.path, f"{each.message}. {each.advice}", each.line, each.column) for each in diagnostics
            ],
        )
        self.diagnostics = diagnostics


def load_document(text: str | bytes, file: str) -> ConversationDocument:
    """The document in a YAML text, ready to be compiled.

    Args:
        text: at most 256 KiB; bytes are read as UTF-8.
        file: the file's name, for the diagnostics.

    Raises:
        DocumentInvalid: with the errors that were found.
    """
    examined = _Examined.of(text, file)
    if examined.document is None or examined.diagnostics:
        raise DocumentInvalid(examined.diagnostics, examined.more)
    return examined.document


def check(text: str | bytes, file: str) -> CheckReport:
    """Check a document and rehearse its scenarios. Never raises, whatever the text is."""
    examined = _Examined.of(text, file)
    if examined.document is None or examined.diagnostics:
        return CheckReport(
            file=file,
            ok=False,
            diagnostics=examined.diagnostics,
            more=examined.more,
            warnings=examined.warnings,
        )
    rehearsed = [*RunTester(examined.document).run_all()]
    found = [each for index, one in enumerate(rehearsed) for each in find_unmet_expectations(one, ("scenarios", index))]
    tree = read_yaml(_decode(text))
    return CheckReport(
        file=file,
        ok=True,
        warnings=examined.warnings,
        scenarios=len(rehearsed),
        differences=_in_file_order(_marked(each, tree.mark(each.path), file) for each in found),
        messages=message_parts(examined.document),
        links=_in_file_order(_marked(each, mark, file) for each, mark in find_message_links(tree, examined.document)),
    )


@dataclass(frozen=True, slots=True)
class _Examined:
    document: ConversationDocument | None
    diagnostics: tuple[MarkedDiagnostic, ...]
    warnings: tuple[MarkedDiagnostic, ...] = ()
    more: int = 0

    @classmethod
    def of(cls, text: str | bytes, file: str) -> Self:
        try:
            tree = read_yaml(_decode(text))
        except NotYaml as error:
            return cls(None, (_marked(Diagnostic((), error.message, error.advice), error.mark, file),))
        document, structural = _validate(tree)
        diagnostics = [*tree.diagnostics, *((diagnostic, tree.mark(diagnostic.path)) for diagnostic in structural)]
        diagnostics += find_message_errors(tree)
        warnings: tuple[Diagnostic, ...] = ()
        if document is None:
            diagnostics += [(each, tree.mark(each.path)) for each in find_repeated_ids(tree.value)]
        else:
            # Whether the parts fit together can only be checked once each part is valid.
            found = [*find_errors(document), *find_address_errors(document), *find_scenario_errors(document)]
            diagnostics += [(diagnostic, tree.mark(diagnostic.path)) for diagnostic in found]
            warnings = (*find_lint_warnings(document), *find_address_warnings(document))
        marked = _in_file_order(_marked(diagnostic, mark, file) for diagnostic, mark in diagnostics)
        notes = [(warning, tree.names.get(warning.path, tree.mark(warning.path))) for warning in warnings]
        if document is not None and not diagnostics:
            notes += find_message_notes(tree, document)
        noted = _in_file_order(_marked(warning, mark, file) for warning, mark in notes)
        return cls(document, marked[:MOST_SHOWN], noted[:MOST_SHOWN], more=max(0, len(marked) - MOST_SHOWN))


def _decode(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise NotYaml(Mark(line, 1), "this is not UTF-8 text", "Save the file as UTF-8") from None


def _validate(tree: MarkedTree) -> tuple[ConversationDocument | None, tuple[Diagnostic, ...]]:
    """The document if each part by itself is valid, and the errors if not."""
    document = None
    diagnostics = [*find_clock_errors(tree.value), *find_sender_errors(tree.value)]
    told = {diagnostic.path for diagnostic, _ in tree.diagnostics} | {diagnostic.path for diagnostic in diagnostics}
    try:
        document = ConversationDocument.model_validate(tree.value)
    except ValidationError as error:
        found = [diagnostic for each in error.errors(include_url=False) for diagnostic in explain(each)]
        diagnostics += [diagnostic for diagnostic in found if diagnostic.path not in told]
        told |= {diagnostic.path for diagnostic in found}
    # Last: the others say more about a missing value.
    diagnostics += [diagnostic for diagnostic in find_empty(tree) if diagnostic.path not in told]
    return (None if diagnostics else document), tuple(diagnostics)


def _marked(diagnostic: Diagnostic, mark: Mark, file: str) -> MarkedDiagnostic:
    return MarkedDiagnostic(
        file=file,
        line=mark.line,
        column=mark.column,
        path=format_path(diagnostic.path),
        message=diagnostic.message,
        advice=diagnostic.advice,
    )


def _in_file_order(diagnostics: Iterator[MarkedDiagnostic]) -> tuple[MarkedDiagnostic, ...]:
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda diagnostic: (diagnostic.line, diagnostic.column)))
