"""A new conversation of one alert, made step by step: create, configure, summary. Nothing is saved before the last.

What was chosen travels in the form from step to step, so that going back keeps it, and no session knows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.channels import Channel
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ListSection
from schemas.errors import DomainError
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.authoring.alert_setup import LANGUAGES, USUAL_TYPE, AlertSetup
from starter.authoring.form_fields import errors_of
from starter.authoring.section_forms import with_mistakes
from starter.authoring.tree import tree_of
from starter.documents import check
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.alert_sentences import sentences_of
from starter.http.console.drafting import FIELD, FILE, Draft, draft_of, is_taken, save
from starter.http.console.field_words import said_in
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.opened import may_write
from starter.http.console.rendering import page, words
from starter.http.dependencies import InjectedServices
from starter.runtime.one_thread import DOCUMENTS
from starter.services import Services

router = console_router()

PATH = "/conversations/new/alert"


class Step(StrEnum):
    """The pages of the set-up, in their order, and the saving behind them."""

    CREATE = "create"
    CONFIGURE = "configure"
    SUMMARY = "summary"
    SAVE = "save"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was chosen, looked at: the draft that it makes, and what keeps it from being made.

    Attributes:
        wrong: mistakes by their places in the document.
    """

    setup: AlertSetup
    draft: Draft
    wrong: dict[str, str]

    @property
    def is_begun_well(self) -> bool:
        """Whether what the first step asks has no mistake."""
        return not {"conversation", "name"} & self.wrong.keys()


@router.get(PATH, dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def begin(request: Request, viewer: CurrentViewer) -> Response:
    """The first step."""
    return _create(request, AlertSetup(language=viewer.language), {})


@router.post(PATH, dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def go(request: Request, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """The step that was asked for, or the first one in which something is wrong."""
    setup = _setup_of(form, viewer)
    wanted = form.text("go")
    step = Step.CONFIGURE if "redraw" in form else Step(wanted) if wanted in [*Step] else Step.CREATE
    if step is Step.CREATE:
        return _create(request, setup, {})
    looked = await _look(services, request, setup)
    if not looked.is_begun_well:
        return _create(request, setup, looked.wrong)
    if step is Step.CONFIGURE:
        return await _configure(request, looked, form.text("redraw"), told=False)
    if looked.draft.document is None or looked.wrong:
        return await _configure(request, looked, "", told=True)
    if step is Step.SUMMARY:
        return await _summary(request, looked)
    try:
        await save(services, viewer, setup.code, looked.draft, None)
    except DomainError as error:
        return await _summary(request, looked, str(error))
    return RedirectResponse(f"/conversations/{setup.code}", 303)


def _setup_of(form: Posted, viewer: Viewer) -> AlertSetup:
    kind, channel, language = form.text("kind"), form.text("channel"), form.text("language")
    fields = {name.removeprefix(FIELD): form.exact(name) for name in form.names if name.startswith(FIELD)}
    return AlertSetup(
        AlertType(kind) if kind in [*AlertType] else USUAL_TYPE,
        form.text("code"),
        form.text("title"),
        fields,
        Channel(channel) if channel in [*Channel] else Channel.EMAIL,
        language if language in LANGUAGES else viewer.language,
        bool(form.text("confirms")),
        bool(form.text("says_farewell")),
    )


async def _look(services: Services, request: Request, setup: AlertSetup) -> Looked:
    draft = await draft_of(await DOCUMENTS.run(setup.text))
    t, wrong = words(request), dict(draft.told)
    if await is_taken(services, setup.code):
        wrong["conversation"] = t("alert_setup.taken", code=setup.code)
    if draft.document is not None and not may_write(request.state.viewer, draft.document):
        wrong["list.stores"] = t("alert_setup.not_your_stores")
    return Looked(setup, draft, wrong)


def _create(request: Request, setup: AlertSetup, wrong: Mapping[str, str]) -> Response:
    language = request.state.viewer.language
    kinds = [(kind, *said_in(language, model, ())[:2]) for kind, model in ALERT_TYPES.items()]
    return page(
        request,
        "alert_setup/create.html",
        status=422 if wrong else 200,
        setup=setup,
        kinds=kinds,
        channels=tuple(Channel),
        languages=LANGUAGES,
        wrong=wrong,
    )


async def _configure(request: Request, looked: Looked, add_to: str, *, told: bool) -> Response:
    """The options of the alert and its list; `told`: with what is wrong beside each."""
    viewer, setup = request.state.viewer, looked.setup
    alert, of_list = setup.alert_form(add_to), setup.list_form(add_to)
    if not setup.fields:
        stores = ", ".join(viewer.stores(Role.EDITOR) or ())
        of_list = tuple(replace(each, value=stores) if each.name == "stores" else each for each in of_list)
    if told:
        alert = with_mistakes(alert, setup.alert_place, looked.wrong)
        of_list = with_mistakes(of_list, ("list",), looked.wrong)
    beside = set(errors_of((*alert, *of_list)))
    return page(
        request,
        "alert_setup/configure.html",
        status=422 if told else 200,
        setup=setup,
        alert=said_in(viewer.language, setup.model, alert),
        of_list=said_in(viewer.language, ListSection, of_list),
        elsewhere=[each for each in looked.wrong.values() if each not in beside] if told else [],
        told=told,
    )


async def _summary(request: Request, looked: Looked, failed: str = "") -> Response:
    assert looked.draft.document is not None
    report = await DOCUMENTS.run(check, looked.draft.text, FILE)
    return page(
        request,
        "alert_setup/summary.html",
        status=409 if failed else 200,
        setup=looked.setup,
        sentences=sentences_of(looked.draft.document, words(request)),
        notes=report.warnings,
        nodes=tree_of(looked.draft.document),
        failed=failed,
    )
