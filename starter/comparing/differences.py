"""How one conversation differs from another, a sentence per change. Pure; it says nothing exactly if they say the same.

Alerts, messages and threads are matched by their names, steps by their ids: starter/comparing/step_differences.py.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from schemas.document.alert_types.registry import AnyAlert
from schemas.document.conversation import ConversationDocument, ListSection, MessageSection, ThreadSection, Wording
from schemas.document.scenarios import ScenarioSection
from schemas.document.steps.words import quoted
from schemas.responses.versions import Difference
from starter.authoring.step_words import say_steps
from starter.comparing.step_differences import StepDifferences
from starter.comparing.words import change, criteria_changed, differing, listed, order_changes, value_of
from starter.versioning.contents import written

_LIST_WORDS: Mapping[str, str] = {
    "at_most": "the cap on messages to one person",
    "together_within": "how long a message waits for what else is to be told in it",
    "locations": "the locations that count",
    "stores": "the stores that it is for",
    "track_clicks": "whether clicks are known",
    "track_opens_in": "where it may be known that a mail was opened",
    "tell_when_waiting": "how many wait in a line that is told of as long",
    "only_by_name": "whether only sign-ups that name it enter",
    "double_opt_in": "the message that asks who signs up",
}
_FILTERS: Mapping[str, str] = {"trigger_filter": "the trigger filter", "profile_filter": "the profile filter"}


def find_differences(before: ConversationDocument, after: ConversationDocument) -> tuple[Difference, ...]:
    """Every change that leads from one to the other, in the order of a document."""
    return (
        *_of_the_whole(before, after),
        *(Difference(sentence=f"List: {each}.") for each in _of_list(before.list, after.list)),
        *_of_alerts(before.alerts, after.alerts),
        *_of_threads(before, after),
        *find_text_differences(before.messages, after.messages),
        *_of_scenarios(before, after),
    )


def say_differences(found: Sequence[Difference], *, full: bool = False) -> str:
    """As lines for people.

    Args:
        full: with the lines of texts that changed.
    """
    if not found:
        return "Nothing differs."
    lines: list[str] = []
    for each in found:
        lines.append(each.sentence)
        lines += [f"    {line}" for line in each.lines] if full else []
    return "\n".join(lines)


def _of_the_whole(before: ConversationDocument, after: ConversationDocument) -> Iterator[Difference]:
    for field in differing(before, after, ("conversation", "name", "goal", "experiment")):
        word = "short name" if field == "conversation" else field
        yield _sentence(change(f"the {word}", value_of(before, field), value_of(after, field)))
    for field, words in (("goal_on", "the goal is reached on"), ("exit_on", "it is left on")):
        if differing(before, after, (field,)):
            old, new = value_of(before, field), value_of(after, field)
            yield _sentence(f"{words} {listed(new)} instead of {listed(old)}")


def _of_list(before: ListSection, after: ListSection) -> Iterator[str]:
    for field in differing(before, after):
        words = _LIST_WORDS.get(field, f"the {field.replace('_', ' ')}")
        yield change(words, value_of(before, field), value_of(after, field))


def _of_alerts(before: Mapping[str, AnyAlert], after: Mapping[str, AnyAlert]) -> Iterator[Difference]:
    for code in before:
        if code not in after:
            yield _sentence(f"alert {quoted(code)} is gone")
    for code, new in after.items():
        old = before.get(code)
        if old is None:
            yield _sentence(f"alert {quoted(code)} is new: {new.type} by {new.action}")
            continue
        for each in _of_alert(old, new):
            yield _sentence(f"alert {quoted(code)}{each}")


def _of_alert(old: AnyAlert, new: AnyAlert) -> Iterator[str]:
    for field in differing(old, new):
        if (own_words := new.say_change(field, old)) is not None:
            yield own_words
        elif field in _FILTERS:
            yield f": {criteria_changed(_FILTERS[field], getattr(old, field), getattr(new, field))}"
        else:
            words = {**old.change_words, **new.change_words}.get(field, f"the {field.replace('_', ' ')}")
            yield f": {change(words, value_of(old, field), value_of(new, field))}"


def _of_threads(before: ConversationDocument, after: ConversationDocument) -> Iterator[Difference]:
    olds, news = _by_name(before.threads), _by_name(after.threads)
    renamed = _renamed(
        {key: olds[key] for key in olds if key not in news}, [key for key in news if key not in olds], news
    )
    for key in olds:
        if key not in news and key not in renamed.values():
            yield _sentence(f"thread {quoted(key[0])} is gone")
    steps = StepDifferences()
    pairs = {key: renamed.get(key, key) for key in news if renamed.get(key, key) in olds}
    for key, thread in news.items():
        old = olds[pairs[key]] if key in pairs else None
        steps.add_thread(key, thread.name, old.steps if old else None, thread.steps)
    for key in olds:
        if key not in pairs.values():
            steps.add_gone(olds[key].steps)
    steps.match()
    for key, thread in news.items():
        name = f"thread {quoted(thread.name)}"
        if key not in pairs:
            way_in = f"entered on {thread.on}" if thread.on else "other threads lead to it"
            when = f" when {value_of(thread, 'when')}" if thread.when is not None else ""
            yield _sentence(f"{name} is new: {way_in}{when}; {say_steps(thread.steps)}")
            continue
        old = olds[pairs[key]]
        if old.name != thread.name:
            yield _sentence(f"thread {quoted(old.name)} is called {quoted(thread.name)} now")
        if old.on != thread.on:
            yield _sentence(f"{name}: {change('the event it is entered on', old.on, thread.on)}")
        if differing(old, thread, ("when",)):
            yield _sentence(f"{name}: {criteria_changed('the criteria', old.when, thread.when)}")
        yield from (_sentence(each) for each in steps.of_thread(key))
    kept = [pairs[key] for key in news if key in pairs]
    called = {pairs[key]: news[key].name for key in pairs}
    for key, previous in order_changes([key for key in olds if key in called], kept):
        where = f"comes after {quoted(called[previous])}" if previous is not None else "comes first"
        yield _sentence(f"thread {quoted(called[key])} {where} now")


Key = tuple[str, int]
"""A name, and how many before have the same."""


def _by_name(parts: Sequence[ThreadSection]) -> dict[Key, ThreadSection]:
    found: dict[Key, ThreadSection] = {}
    for part in parts:
        found[part.name, sum(name == part.name for name, _ in found)] = part
    return found


def _renamed(
    gone: Mapping[Key, ThreadSection], new: Sequence[Key], news: Mapping[Key, ThreadSection]
) -> dict[Key, Key]:
    """New threads that say what a gone one said: the gone one by the new one."""
    found: dict[Key, Key] = {}
    for key in new:
        for old, thread in gone.items():
            same = written(thread.model_copy(update={"name": news[key].name})) == written(news[key])
            if old not in found.values() and same:
                found[key] = old
                break
    return found


def find_text_differences(
    before: Mapping[str, MessageSection], after: Mapping[str, MessageSection]
) -> tuple[Difference, ...]:
    """Every change of messages alone; of texts with their lines."""
    return tuple(_of_messages(before, after))


def _of_messages(before: Mapping[str, MessageSection], after: Mapping[str, MessageSection]) -> Iterator[Difference]:
    for code in before:
        if code not in after:
            yield _sentence(f"message {quoted(code)} is gone")
    for code, new in after.items():
        old = before.get(code)
        if old is None:
            yield _sentence(
                f"message {quoted(code)} is new: {quoted(new.subject or (new.text or code).strip().split(chr(10))[0])}"
            )
            continue
        if changes := [*_of_wordings(old, new)]:
            said = f"message {quoted(code)}: {'; '.join(said for said, _ in changes)}"
            yield _sentence(said, [line for _, lines in changes for line in lines])


def _of_wordings(old: MessageSection, new: MessageSection) -> Iterator[tuple[str, list[str]]]:
    """The message's own words, then those in other languages."""
    if old.language != new.language:
        yield change("the language", old.language, new.language), []
    yield from (_of_text(field, old, new) for field in differing(old, new) if field not in ("language", "locales"))
    for language in sorted({*old.locales, *new.locales}):
        before, after = old.locales.get(language), new.locales.get(language)
        if before is None or after is None:
            yield f"the words in {language} are {'new' if before is None else 'gone'}", []
            continue
        for field in differing(before, after):
            said, lines = _of_text(field, before, after)
            yield f"in {language} {said}", lines


def _of_text(field: str, old: Wording, new: Wording) -> tuple[str, list[str]]:
    before, after = getattr(old, field), getattr(new, field)
    if field == "transactional":
        return "it is transactional now" if after else "it is not transactional any more", []
    if field == "channel":
        return change("the channel", before, after), []
    if field == "subject" and before is not None and after is not None:
        return f"the {field} changed from {quoted(before)} to {quoted(after)}", []
    if before is None or after is None:
        return f"{field} is {'new' if before is None else 'gone'}", _unified(field, before or "", after or "")
    ours, theirs = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(None, ours, theirs)
    changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")
    return f"{field}: {changed} line{'' if changed == 1 else 's'} changed", _unified(field, before, after)


def _unified(field: str, before: str, after: str) -> list[str]:
    """As `diff -u` has it, without the two lines that would name files."""
    found = difflib.unified_diff(before.split("\n"), after.split("\n"), n=1, lineterm="")
    return [f"{field}:", *[*found][2:]]


def _of_scenarios(before: ConversationDocument, after: ConversationDocument) -> Iterator[Difference]:
    """By name; what differs inside one is shown as lines, for a scenario is a page of its own."""
    olds, news = _named_texts(before.scenarios), _named_texts(after.scenarios)
    for key in olds:
        if key not in news:
            yield _sentence(f"scenario {quoted(key[0])} is gone")
    for key, new in news.items():
        if key not in olds:
            yield _sentence(f"scenario {quoted(key[0])} is new")
        elif fields := differing(olds[key], new):
            yield _sentence(f"scenario {quoted(key[0])}: {listed(fields)} changed")
    called = [key for key in news if key in olds]
    for key, previous in order_changes([key for key in olds if key in news], called):
        where = f"comes after {quoted(previous[0])}" if previous is not None else "comes first"
        yield _sentence(f"scenario {quoted(key[0])} {where} now")


def _named_texts(scenarios: Sequence[ScenarioSection]) -> dict[Key, ScenarioSection]:
    found: dict[Key, ScenarioSection] = {}
    for each in scenarios:
        name = each.name
        found[name, sum(other == name for other, _ in found)] = each
    return found


def _sentence(text: str, lines: Sequence[str] = ()) -> Difference:
    return Difference(sentence=f"{text[:1].upper()}{text[1:]}.", lines=tuple(lines))
