"""Made-up facts: one message knows all that there can be, one only what is always known."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from activities.rendering.facts import (
    ItemPart,
    LinksPart,
    ListPart,
    MessageContext,
    ProductPart,
    ShopPart,
    ToldPart,
    VariantPart,
    WaitPart,
)

FULL = MessageContext(
    shop=ShopPart(name="The Shop", url="https://shop.example"),
    product=ProductPart(
        title="Blue kettle",
        url="https://shop.example/products/blue-kettle",
        image_url="https://shop.example/images/blue-kettle.jpg",
    ),
    variant=VariantPart(title="1.5 l", sku="KETTLE-15-BLUE", price=Decimal("49.00"), currency="EUR", units=3),
    list=ListPart(name="Sign-ups"),
    items=(
        ItemPart(
            "Blue kettle (1.5 l)",
            "https://shop.example/products/blue-kettle",
            2,
            "https://shop.example/images/blue-kettle.jpg",
            Decimal("49.00"),
        ),
        ItemPart("Tea strainer", "https://shop.example/products/tea-strainer", 1, price=Decimal("7.50")),
    ),
    together=(
        ToldPart(
            "Blue kettle",
            "https://shop.example/products/blue-kettle",
            "1.5 l",
            "https://shop.example/images/blue-kettle.jpg",
            Decimal("49.00"),
            3,
            "KETTLE-7Q2X",
        ),
        ToldPart("Tea strainer", "https://shop.example/products/tea-strainer"),
    ),
    wait=WaitPart(since=datetime(2026, 3, 2, 9, 0, tzinfo=UTC), price=Decimal("59.00"), place=4),
    links=LinksPart(
        unsubscribe="https://shop.example/u/made-up",
        page="https://shop.example/p/made-up",
        confirm="https://shop.example/c/made-up",
    ),
    coupon="KETTLE-7Q2X",
)
BARE = replace(
    FULL,
    product=ProductPart(title="Blue kettle", url="https://shop.example/products/blue-kettle"),
    variant=VariantPart(title=""),
    items=(),
    together=(),
    wait=WaitPart(),
    links=LinksPart(),
    coupon=None,
)
