"""What somebody makes up on the page of the Run Tester: the fields of its form as a scenario in YAML."""

import yaml

from schemas.document.scenarios import HAPPENINGS

ROWS = 5
"""Things that may happen in it; who needs more writes them in the document."""
_IN_PROFILE = ("id", "tags", "consent", "sms_consent", "phone", "time_zone")
_IN_PRODUCT = ("title", "price", "units", "tags", "variant")


def made_up(given: dict[str, str]) -> str:
    """The scenario of a form, as YAML."""
    profile = _fields(given, "profile", _IN_PROFILE)
    attributes = dict(line.split(":", 1) for line in given.get("attributes", "").splitlines() if ":" in line)
    if language := given.get("language"):
        attributes["language"] = language
    if attributes:
        profile["attributes"] = {key.strip(): _plain(each) for key, each in attributes.items()}
    happens = [
        {"after": after, given[f"what{n}"]: _plain(given.get(f"value{n}", ""))}
        if after
        else {given[f"what{n}"]: _plain(given.get(f"value{n}", ""))}
        for n in range(1, ROWS + 1)
        if given.get(f"what{n}") in HAPPENINGS
        for after in [given.get(f"after{n}", "")]
    ]
    made: dict[str, object] = {"name": given.get("name") or "Made up"}
    product = _fields(given, "product", _IN_PRODUCT)
    made |= {key: each for key, each in (("profile", profile), ("product", product), ("happens", happens)) if each}
    if enters := given.get("enters"):
        made["enters"] = enters.replace("T", " ")
    return yaml.safe_dump(made, allow_unicode=True, sort_keys=False)


def _fields(given: dict[str, str], group: str, names: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in names:
        text = given.get(f"{group}-{name}", "")
        if not text:
            continue
        if name == "tags":
            found[name] = [each.strip() for each in text.split(",") if each.strip()]
        else:
            found[name] = text if name in ("id", "phone", "time_zone", "title", "variant") else _plain(text)
    return found


def _plain(text: str) -> object:
    """A value as YAML has it: `3` is a number, `true` is true."""
    try:
        value: object = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
