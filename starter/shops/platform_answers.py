"""What people answered to a platform's questions, and whether it fits."""

import re
from collections.abc import Mapping, Sequence

from activities.storefronts.shop_api import Question
from schemas.errors import DomainError, ErrorKind


class ConnectionUseless(DomainError):
    """A question of the platform is not answered, or what was answered does not fit."""

    code = "connection_useless"
    kind = ErrorKind.ARGUMENT


def is_to_be_asked(question: Question, told: Mapping[str, str]) -> bool:
    """Whether somebody who sits there is asked, after these answers."""
    if not question.asked or (question.beside is not None and not told.get(question.beside)):
        return False
    return question.instead_of is None or not told.get(question.instead_of)


def fits(question: Question, answer: str) -> bool:
    """Whether an answer has the form that it has to have."""
    return re.fullmatch(question.pattern, answer.strip(), re.DOTALL) is not None


def checked(questions: Sequence[Question], answers: Mapping[str, str]) -> dict[str, str]:
    """An answer to each question, without blanks around it.

    Raises:
        ConnectionUseless: one is missing, does not fit or is to no question; the text names it, and not the answer.
    """
    if unknown := sorted(set(answers) - {each.name for each in questions}):
        known = ", ".join(each.name for each in questions)
        raise ConnectionUseless(f"This platform does not ask for '{unknown[0]}'; it asks for: {known}.")
    told: dict[str, str] = {}
    for each in questions:
        answer = answers.get(each.name, each.default)
        if answer is None:
            raise ConnectionUseless(f"'{each.name}' is missing. {each.text}.")
        if not fits(each, answer):
            raise ConnectionUseless(f"'{each.name}' is not of the form it has. {each.text}.")
        told[each.name] = answer.strip()
    return told
