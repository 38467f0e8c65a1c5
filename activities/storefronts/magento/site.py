"""Which website of a Magento shop is connected, and what the shop says of it."""

import re
from dataclasses import dataclass

from activities.storefronts.magento.fields import Code
from activities.storefronts.magento.rest import ANSWER, Rest
from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shop_answers import all_fitted
from activities.storefronts.shop_http import ShopAnswerOdd

HTML = ".html"
"""What an address of a product ends in by default."""
URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*")
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_CURRENCY = re.compile("[A-Z]{3}")


class _Website(Payload):
    id: Code
    code: PlainText
    default_group_id: Code = None


class _Group(Payload):
    id: Code
    name: PlainText = None
    default_store_id: Code = None


class _View(Payload):
    id: Code
    code: PlainText
    website_id: Code = None
    base_currency_code: PlainText = None
    secure_base_link_url: PlainText = None
    secure_base_media_url: PlainText = None


@dataclass(frozen=True, slots=True)
class Site:
    """The website that is connected.

    Attributes:
        view: the code of its default store view, whose texts and prices are read.
        media: where images of products are.
        suffix: what addresses of products end in.
        view_ids: all its store views, in which orders are made.
    """

    website_id: str
    view: str
    name: str
    front_page: str
    currency: str | None
    media: str | None
    suffix: str = HTML
    view_ids: tuple[str, ...] = ()


async def find_site(rest: Rest, code: str, suffix: str) -> Site:
    """The website of a code, with its default store view.

    Raises:
        AccessRefused, ShopAway, ShopAnswerOdd: as they say; the last also where there is none of this code.
    """
    websites = all_fitted(await rest.get("store/websites"), _Website, ANSWER)
    website = next((each for each in websites if each.code == code), None)
    if website is None or website.id is None:
        raise ShopAnswerOdd("The shop has no website of the code that it is connected with.")
    groups = all_fitted(await rest.get("store/storeGroups"), _Group, ANSWER)
    group = next((each for each in groups if each.id == website.default_group_id), None)
    views = all_fitted(await rest.get("store/storeConfigs"), _View, ANSWER)
    view = next((each for each in views if group and each.id == group.default_store_id), None)
    if group is None or view is None or not CODE.fullmatch(view.code or ""):
        raise ShopAnswerOdd("The website has no default store view.")
    ours = tuple(each.id for each in views if each.id and each.website_id == website.id)
    return _of(website.id, group, view, suffix, ours or (view.id or "",))


def _of(website_id: str, group: _Group, view: _View, suffix: str, view_ids: tuple[str, ...]) -> Site:
    front_page = (view.secure_base_link_url or "").rstrip("/")
    if not URL.fullmatch(front_page):
        raise ShopAnswerOdd("The shop's own address is missing, or is none.")
    media = (view.secure_base_media_url or "").rstrip("/")
    currency = view.base_currency_code or ""
    return Site(
        website_id=website_id,
        view=view.code or "",
        name=(group.name or view.code or "")[:1000],
        front_page=front_page,
        currency=currency if _CURRENCY.fullmatch(currency) else None,
        media=media if media.startswith(("https://", "http://")) and len(media) < 500 else None,
        suffix=suffix,
        view_ids=view_ids,
    )
