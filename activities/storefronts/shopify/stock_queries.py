"""What Shopify is asked for when variants, products and locations are read back, and the shapes of its answers."""

from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shopify.objects import (
    ITEM_FIELDS,
    LEVEL_FIELDS,
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    Levels,
    LocationGid,
    PageInfo,
    Product,
    Variant,
    VariantGid,
)

_ONWARD = "pageInfo { hasNextPage endCursor }"
_ITEM = f"inventoryItem {{ {ITEM_FIELDS} inventoryLevels(first: $levels) {{ nodes {{ {LEVEL_FIELDS} }} {_ONWARD} }} }}"
LOCATIONS = f"""
query locations($after: String) {{
  locations(first: 100, after: $after, includeInactive: true) {{
    nodes {{ id name isActive fulfillsOnlineOrders }} {_ONWARD}
  }}
}}
"""
VARIANTS = f"""
query variants($ids: [ID!]!, $levels: Int!) {{
  nodes(ids: $ids) {{ ... on ProductVariant {{ {VARIANT_FIELDS} product {{ {PRODUCT_FIELDS} }} {_ITEM} }} }}
}}
"""
PRODUCTS = f"""
query products($ids: [ID!]!, $variants: Int!, $levels: Int!) {{
  nodes(ids: $ids) {{
    ... on Product {{
      {PRODUCT_FIELDS}
      variants(first: $variants) {{ nodes {{ {VARIANT_FIELDS} {_ITEM} }} {_ONWARD} }}
    }}
  }}
}}
"""
VARIANTS_OF = f"""
query variantsOf($id: ID!, $after: String, $variants: Int!, $levels: Int!) {{
  product(id: $id) {{ variants(first: $variants, after: $after) {{ nodes {{ {VARIANT_FIELDS} {_ITEM} }} {_ONWARD} }} }}
}}
"""
NAMES_OF = f"""
query namesOf($id: ID!, $after: String) {{
  product(id: $id) {{ {PRODUCT_FIELDS} variants(first: 250, after: $after) {{ nodes {{ id }} {_ONWARD} }} }}
}}
"""
LEVELS_OF = f"""
query levelsOf($id: ID!, $after: String) {{
  inventoryItem(id: $id) {{ inventoryLevels(first: 50, after: $after) {{ nodes {{ {LEVEL_FIELDS} }} {_ONWARD} }} }}
}}
"""


class Location(Payload):
    """A location of the shop.

    Attributes:
        fulfillsOnlineOrders: what is there can be bought in the online shop.
    """

    id: LocationGid = None
    name: PlainText = None
    isActive: bool  # noqa: N815 - Shopify's name
    fulfillsOnlineOrders: bool  # noqa: N815 - Shopify's name


class Locations(Payload):
    """A page of them."""

    nodes: tuple[Location, ...] = ()
    pageInfo: PageInfo = PageInfo()  # noqa: N815 - Shopify's name


class LocationsAnswer(Payload):
    """What `LOCATIONS` is answered with."""

    locations: Locations


class OfProduct(Variant):
    """A variant with its product."""

    product: Product


class Variants(Payload):
    """A page of a product's variants."""

    nodes: tuple[Variant, ...] = ()
    pageInfo: PageInfo = PageInfo()  # noqa: N815 - Shopify's name


class WithVariants(Product):
    """A product with its first variants."""

    variants: Variants


class Nodes(Payload):
    """What `VARIANTS` is answered with: None for what the shop has not."""

    nodes: tuple[OfProduct | None, ...]


class ProductNodes(Payload):
    """What `PRODUCTS` is answered with, likewise."""

    nodes: tuple[WithVariants | None, ...]


class VariantsOf(Payload):
    """More of a product's variants."""

    variants: Variants


class VariantsAnswer(Payload):
    """What `VARIANTS_OF` is answered with."""

    product: VariantsOf | None = None


class Name(Payload):
    """A variant by its id alone."""

    id: VariantGid = None


class Names(Payload):
    """A page of them."""

    nodes: tuple[Name, ...] = ()
    pageInfo: PageInfo = PageInfo()  # noqa: N815 - Shopify's name


class NamedProduct(Product):
    """A product with the names of its variants."""

    variants: Names


class NamesAnswer(Payload):
    """What `NAMES_OF` is answered with."""

    product: NamedProduct | None = None


class ItemLevels(Payload):
    """More of an item's levels."""

    inventoryLevels: Levels  # noqa: N815 - Shopify's name


class LevelsAnswer(Payload):
    """What `LEVELS_OF` is answered with."""

    inventoryItem: ItemLevels | None = None  # noqa: N815 - Shopify's name
