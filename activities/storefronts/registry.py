"""Every storefront there is, by its source, and the API of its platform. A new one is a line here."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from activities.storefronts.bigcommerce.adapter import BigCommerce
from activities.storefronts.bigcommerce.api import BigCommerceApi
from activities.storefronts.magento.adapter import Magento
from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.open.adapter import Open
from activities.storefronts.prestashop.api import PrestaShopApi
from activities.storefronts.shop_api import ShopApi
from activities.storefronts.shopify.adapter import Shopify
from activities.storefronts.shopify.api import ShopifyApi
from activities.storefronts.square.adapter import Square
from activities.storefronts.square.api import SquareApi
from activities.storefronts.storefront import Storefront
from activities.storefronts.wix.adapter import Wix
from activities.storefronts.wix.api import WixApi
from activities.storefronts.woocommerce.adapter import WooCommerce
from activities.storefronts.woocommerce.api import WooCommerceApi

STOREFRONTS: tuple[Storefront, ...] = (
    Shopify(),
    BigCommerce(),
    WooCommerce(),
    Magento(),
    Wix(),
    Square(),
    Open(),
)
SHOP_APIS: tuple[type[ShopApi], ...] = (
    ShopifyApi,
    BigCommerceApi,
    WooCommerceApi,
    MagentoApi,
    PrestaShopApi,
    WixApi,
    SquareApi,
)
"""Every platform whose API is asked. One that sends no webhooks is only here."""


class Storefronts(Mapping[str, Storefront]):
    """Adapters by source; by default all of them."""

    def __init__(self, *storefronts: Storefront) -> None:
        self._by_source = {storefront.source: storefront for storefront in storefronts or STOREFRONTS}

    def __getitem__(self, source: str) -> Storefront:
        return self._by_source[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_source)

    def __len__(self) -> int:
        return len(self._by_source)


def page_url(source: str, front_page: str, handle: str | None, variant_id: str | None) -> str:
    """Where shoppers see a product, or one variant of it: the front page if the product has no handle.

    For a store of no platform in this registry, put in through the API or by hand, see `docs/api.md`.
    """
    if not handle:
        return front_page
    for storefront in STOREFRONTS:
        if storefront.source == source:
            return storefront.page_url(front_page, handle, variant_id)
    page = f"{front_page}/products/{quote(handle, safe='')}"
    return f"{page}?variant={quote(variant_id, safe='')}" if variant_id else page
