"""Which elements of MJML and HTML a message may use, where, and with which attributes. What is not here is a mistake.

Of MJML's own are left out what few mail programs show (accordion, carousel, navbar) and files that would be included.
Of HTML what mails are made of: nothing that runs, loads a page or asks for input.
"""

from dataclasses import dataclass

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_BACKGROUND = (
    "background-color background-position background-position-x background-position-y background-repeat "
    "background-size background-url"
)
_LINK = "href name rel target title"
_ICON = "icon-height icon-padding icon-size text-padding"
_BLOCKS = "mj-text mj-button mj-image mj-divider mj-spacer mj-table mj-social mj-raw"


@dataclass(frozen=True, slots=True)
class Element:
    """An element of MJML.

    Attributes:
        children: of MJML that may stand in it.
        html: words and HTML may.
        words: words may, and nothing else.
    """

    attributes: frozenset[str]
    children: frozenset[str] = frozenset()
    html: bool = False
    words: bool = False

    @property
    def holds_tags(self) -> bool:
        """Whether a condition or loop may stand around the elements in it."""
        return "mj-raw" in self.children and "mj-title" not in self.children


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _element(attributes: str = "", children: str = "", *, html: bool = False, words: bool = False) -> Element:
    return Element(_names(attributes), _names(children), html, words)


EVERYWHERE = frozenset({"css-class", "mj-class"})
"""Attributes that every element of a body has."""

_PARTS = {
    "mj-wrapper": _element(
        f"{_BACKGROUND} {_BORDER} {_PADDING} direction full-width gap text-align", "mj-section mj-hero mj-raw"
    ),
    "mj-section": _element(
        f"{_BACKGROUND} {_BORDER} {_PADDING} direction full-width text-align", "mj-column mj-group mj-raw"
    ),
    "mj-group": _element("background-color direction vertical-align width", "mj-column mj-raw"),
    "mj-column": _element(
        f"{_BORDER} {_PADDING} background-color direction inner-background-color inner-border inner-border-top "
        "inner-border-right inner-border-bottom inner-border-left inner-border-radius vertical-align width",
        _BLOCKS,
    ),
    "mj-hero": _element(
        f"{_PADDING} background-color background-height background-position background-url background-width "
        "border-radius container-background-color height inner-background-color inner-padding mode vertical-align "
        "width",
        _BLOCKS,
    ),
    "mj-text": _element(f"{_FONT} {_PADDING} align container-background-color height vertical-align", html=True),
    "mj-button": _element(
        f"{_FONT} {_PADDING} {_BORDER} {_LINK} align background-color container-background-color height inner-padding "
        "text-align vertical-align width",
        html=True,
    ),
    "mj-image": _element(
        f"{_PADDING} {_BORDER} {_LINK} align alt container-background-color fluid-on-mobile font-size height "
        "max-height sizes src srcset usemap width"
    ),
    "mj-divider": _element(f"{_PADDING} align border-color border-style border-width container-background-color width"),
    "mj-spacer": _element(f"{_PADDING} {_BORDER} container-background-color height vertical-align width"),
    "mj-table": _element(
        f"{_FONT} {_PADDING} align border cellpadding cellspacing container-background-color role table-layout width",
        html=True,
    ),
    "mj-social": _element(
        f"{_FONT} {_PADDING} {_ICON} align border-radius container-background-color inner-padding mode table-layout",
        "mj-social-element",
    ),
    "mj-social-element": _element(
        f"{_FONT} {_PADDING} {_ICON} {_LINK} align alt background-color border-radius icon-position sizes src srcset "
        "vertical-align",
        html=True,
    ),
    "mj-raw": _element(html=True),
}
_ALL = frozenset(name for part in _PARTS.values() for name in part.attributes)
_HEAD = {
    "mj-title": _element(words=True),
    "mj-preview": _element(words=True),
    "mj-style": _element("inline", words=True),
    "mj-font": _element("name href"),
    "mj-breakpoint": _element("width"),
    "mj-attributes": _element(children=f"mj-all mj-class {' '.join(_PARTS)}"),
    "mj-all": Element(_ALL),
    "mj-class": Element(_ALL | {"name"}),
}
MJML = {
    "mjml": _element("lang dir owa", "mj-head mj-body"),
    "mj-head": _element(
        children="mj-title mj-preview mj-style mj-font mj-breakpoint mj-attributes mj-raw",
    ),
    "mj-body": _element("background-color width", "mj-wrapper mj-section mj-hero mj-raw"),
    **_HEAD,
    **_PARTS,
}
"""The elements of MJML by name."""

NOTHING = Element(frozenset())
"""Of an element that nothing may stand in."""
NEEDED = {"mj-class": {"name"}, "mj-font": {"name", "href"}, "mj-breakpoint": {"width"}, "mj-image": {"alt"}}
"""Attributes that must be there. A picture's `alt` is all that many readers get of it."""

_GLOBAL = _names("align class dir id lang role style title valign width height bgcolor")
_HTML_ATTRIBUTES = {
    "a": "href name rel target",
    "img": "alt border src srcset sizes",
    "table": "border cellpadding cellspacing",
    "td": "colspan rowspan nowrap",
    "th": "colspan rowspan nowrap scope",
    "ol": "start type",
    "ul": "type",
    "meta": "name content",
}
HTML = _names(
    "a abbr b bdi blockquote br center code del div em h1 h2 h3 h4 h5 h6 hr i img ins li meta ol p pre s small span "
    "strike strong sub sup table tbody td tfoot th thead tr u ul wbr"
)
"""The elements of HTML that may stand in words."""
VOID = frozenset({"br", "hr", "img", "meta", "wbr"})
"""Those that have nothing in them, and need no closing."""
TAGS_ALLOWED = _names("href src srcset alt title background-url name content")
"""The attributes that a value may stand in; elsewhere it would be read as a length or a colour."""


def html_attributes(element: str) -> frozenset[str]:
    """The attributes of an element of HTML, `aria-…` and `data-…` aside."""
    return _GLOBAL | _names(_HTML_ATTRIBUTES.get(element, ""))
