"""What Wix asks for to connect a site, by an app or by an API key, and what is said of one that was connected."""

from activities.storefronts.shop_api import Question
from activities.storefronts.wix.calls import API

_GUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_PEM = r"-----BEGIN (RSA )?PUBLIC KEY-----[A-Za-z0-9+/=\\\s]+-----END (RSA )?PUBLIC KEY-----\s*"

QUESTIONS = (
    Question(
        "app_id",
        "The app's id, from its page OAuth at dev.wix.com; nothing, to connect by an API key of the account",
        default="",
        pattern=f"({_GUID})?",
    ),
    Question(
        "app_secret",
        "The app's secret key, from the same page",
        secret=True,
        default="",
        pattern=".{0,500}",
        beside="app_id",
    ),
    Question(
        "instance_id",
        "The app's instance on the site: in the app's dashboard under Test your app, or in any webhook",
        default="",
        pattern=f"({_GUID})?",
        beside="app_id",
    ),
    Question(
        "public_key",
        "The app's public key, from its page Webhooks; nothing: no webhooks are taken",
        default="",
        pattern=f"({_PEM})?",
        beside="app_id",
    ),
    Question(
        "api_key",
        "An API key of the account, from manage.wix.com/account/api-keys",
        secret=True,
        default="",
        pattern=".{0,2000}",
        instead_of="app_id",
    ),
    Question(
        "site_id",
        "The site's id, as in its dashboard's address, behind /dashboard/",
        default="",
        pattern=f"({_GUID})?",
        instead_of="app_id",
    ),
    Question(
        "front_page",
        "The site's address, as in https://shop.example",
        default="",
        pattern=r"(https://\S{1,500})?",
        instead_of="app_id",
    ),
    Question("api", "Wix's server", default=API, pattern=r"https?://[A-Za-z0-9.:-]{1,255}", asked=False),
)
BY_HAND = (
    "In the app's dashboard at dev.wix.com, under Webhooks, add the events of products, stock and orders that "
    "docs/storefronts/wix.md lists, each with the address above: no API of Wix does it."
)


def notes(version: str, *, polled: bool) -> tuple[str, ...]:
    """Which catalogue the site has, and whether it is only asked."""
    catalogue = "The site has the catalogue V1." if version == "V1_CATALOG" else "The site has the catalogue V3."
    polls = "No public key was given, so no webhook can be verified: the site is asked every while instead."
    return (catalogue, polls) if polled else (catalogue,)
