"""Why a line is not moved, each with what to do."""

from dataclasses import dataclass

from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.responses.line_moves import LineMoveReport


@dataclass(frozen=True, slots=True)
class MoveInTheWay:
    """An unfinished move that concerns one of the lines."""

    id: int
    from_subject: str
    to_subject: str


class SameSubject(DomainError):
    """Those who wait for a thing wait for it already."""

    code = "same_subject"
    kind = ErrorKind.INVALID
    advice = "Name another variant or product to move them to."

    def __init__(self) -> None:
        public = "That is what they wait for already."
        super().__init__(public, public=public, fields=(FieldError("$.to", public),))


class OtherLevel(DomainError):
    """An alert watches variants or whole products, so that a line of the one cannot wait for the other."""

    code = "other_level"
    kind = ErrorKind.INVALID
    advice = "Move a variant's line to a variant, and a product's to a product."

    def __init__(self) -> None:
        public = "A variant's line moves to a variant, and a product's to a product."
        super().__init__(public, public=public, fields=(FieldError("$.to", public),))


class TargetGone(DomainError):
    """What they were to wait for is gone for good."""

    code = "target_gone"
    kind = ErrorKind.CONFLICT
    advice = "Move them to what the shop will have again."

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} is discontinued or removed: nobody can wait for it.")


class MoveUnderWay(DomainError):
    """Another move concerns one of the two lines, and is not finished."""

    code = "move_under_way"
    kind = ErrorKind.CONFLICT
    advice = "Wait until it is finished: `shelftalk waitlist moves` shows it."

    def __init__(self, move: MoveInTheWay) -> None:
        super().__init__(f"Move {move.id} is under way, from {move.from_subject} to {move.to_subject}.")


class MoreTold(DomainError):
    """Since the count was shown, more would be told at once; nothing was done."""

    code = "more_than_shown"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and answer anew."

    def __init__(self, shown: int, now: LineMoveReport) -> None:
        super().__init__(
            f"Agreed was to tell {shown} at once, and now it would be {now.told_now}. Nothing was changed."
        )


class NoSuchMove(DomainError):
    """There is no move of this number."""

    code = "no_such_move"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk waitlist moves` shows them."

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no move {number}.", public="There is no move of this number.")
