"""Coupon codes that a shop made, put in by list: each is reserved with one claim and returned with it.

Reserving and returning is done by triggers on claims (claims_reserve_coupons, claims_return_coupons in the schema), so
that nobody can give a place and forget its code.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import TypeAdapter, ValidationError

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.names import Code
from schemas.responses.coupons import LONGEST_CODE, CouponList, CouponLists, CouponsAdded, is_code

SQL = load_queries("starter.shops", "coupons.sql")

MOST_CODES = 1_000_000
"""In one go; a file of so many has ten megabytes."""
AT_ONCE = 10_000
_LIST = TypeAdapter[str](Code)


class BadCoupons(DomainError):
    """The codes cannot be taken as they are; the text says which line, and why."""

    code = "coupons_malformed"
    kind = ErrorKind.INVALID


class NoSuchCoupons(DomainError):
    """Nobody put codes into such a list, and no alert names it."""

    code = "no_such_coupons"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk coupon list` shows those there are."


class Coupons:
    """The codes of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, coupon_list: str, lines: Iterable[str], by: str) -> CouponsAdded:
        """Put codes into a list, one from each line; all of them, or none. Those that are known change nothing.

        Raises:
            BadCoupons: as it says.
        """
        try:
            _LIST.validate_python(coupon_list)
        except ValidationError:
            raise BadCoupons(
                f"{coupon_list!r} is no short name of a list: lower-case letters, digits and hyphens, like spring-10."
            ) from None
        codes = [*read_codes(lines)]
        async with transaction(self._pool) as connection:
            added = 0
            for begin in range(0, len(codes), AT_ONCE):
                given = codes[begin : begin + AT_ONCE]
                added += len(await SQL.add.values(connection, coupon_list=coupon_list, codes=given))
            await write_audit(connection, by, "coupons added", {"list": coupon_list, "added": added})
            lists = await SQL.lists.rows(connection, CouponList, stores=None)
        free = next((each.free for each in lists if each.coupon_list == coupon_list), 0)
        return CouponsAdded(coupon_list=coupon_list, added=added, known=len(codes) - added, free=free)

    async def lists(self, stores: Sequence[StoreId] | None = None) -> CouponLists:
        """Every list, with what became of its codes.

        Args:
            stores: only lists whose codes are given in none but these; None: all.
        """
        return CouponLists(lists=tuple(await SQL.lists.rows(self._pool, CouponList, stores=stores)))

    async def show(self, coupon_list: str) -> CouponList:
        """One list, with what became of its codes.

        Raises:
            NoSuchCoupons: as it says.
        """
        found = next((each for each in (await self.lists()).lists if each.coupon_list == coupon_list), None)
        if found is None:
            raise NoSuchCoupons(f"There are no codes in a list '{coupon_list}', and no alert in force names it.")
        return found


def read_codes(lines: Iterable[str]) -> Iterator[str]:
    """The codes in lines of text, each once; blank lines are passed over, and so is what follows a comma.

    Raises:
        BadCoupons: a line holds no code, or there are too many.
    """
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        code = line.partition(",")[0].strip().strip('"')
        if not line.strip():
            continue
        if not is_code(code):
            raise BadCoupons(
                f"Line {number} holds no code: write one code on each line, without blanks, of at most {LONGEST_CODE} "
                "characters."
            )
        if code.upper() not in seen:
            seen.add(code.upper())
            yield code
        if len(seen) > MOST_CODES:
            raise BadCoupons(f"These are more than {MOST_CODES} codes: put them in by several files.")
