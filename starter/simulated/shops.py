"""Every platform that there is a simulated shop of. A new one is a line here."""

from starter.simulated.bigcommerce.shop import BigCommerce
from starter.simulated.magento.shop import Magento
from starter.simulated.open.shop import Open
from starter.simulated.prestashop.shop import PrestaShop
from starter.simulated.shop import SimulatedShop
from starter.simulated.shopify.shop import Shopify
from starter.simulated.square.shop import Square
from starter.simulated.wix.shop import Wix
from starter.simulated.woocommerce.shop import WooCommerce

SHOPS: tuple[type[SimulatedShop], ...] = (Shopify, BigCommerce, WooCommerce, Magento, PrestaShop, Wix, Square, Open)
DemoShop = WooCommerce
"""The platform of the shop in the demo."""
