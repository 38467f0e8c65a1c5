"""Lists of coupon codes that messages give: codes put in, and what became of them. No route names who has a code."""

from typing import Annotated

from fastapi import Path
from pydantic import Field

from schemas.model import Model
from schemas.responses.coupons import CouponCode, CouponList, CouponLists, CouponsAdded
from schemas.responses.keys import Scope
from starter.http.actor import Actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = keyed_router("coupons")

MOST_AT_ONCE = 10_000
"""Of one request; the command line takes a million."""
ListName = Annotated[
    str, Path(alias="list", max_length=63, description="Its short name, as alerts name it", examples=["spring-10"])
]


class NewCodes(Model):
    """Codes that the shop made, each for one person, in the order in which they are given."""

    codes: Annotated[
        tuple[CouponCode, ...], Field(min_length=1, max_length=MOST_AT_ONCE, examples=[["SAVE-7K2M", "SAVE-9QX4"]])
    ]


@router.get("/v1/coupons", summary="List coupon lists", dependencies=[needs(Scope.READ)])
async def list_coupons(services: InjectedServices) -> CouponLists:
    """Every list that has codes, or that an alert in force names."""
    return await services.coupons.lists()


@router.get(
    "/v1/coupons/{list}",
    summary="Show a coupon list",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def show_coupons(coupon_list: ListName, services: InjectedServices) -> CouponList:
    """How many of its codes are free, reserved and redeemed."""
    return await services.coupons.show(coupon_list)


@router.post(
    "/v1/coupons/{list}",
    summary="Put in coupon codes",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.INVALID),
)
async def add_coupons(coupon_list: ListName, given: NewCodes, services: InjectedServices, actor: Actor) -> CouponsAdded:
    """All of them, or none. Codes that are known already, in whatever letter case and list, change nothing."""
    return await services.coupons.add(coupon_list, given.codes, actor)
