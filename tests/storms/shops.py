"""Shops in a storm, one of each platform with webhooks."""

from tests.storms.bigcommerce import BigCommerce
from tests.storms.magento import Magento
from tests.storms.own_making import Open
from tests.storms.shop import StormShop
from tests.storms.shopify import Shopify
from tests.storms.square import Square
from tests.storms.wix import Wix
from tests.storms.woocommerce import WooCommerce

SHOPS: tuple[type[StormShop], ...] = (Shopify, BigCommerce, WooCommerce, Magento, Wix, Square, Open)
