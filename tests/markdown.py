"""Reads the project's Markdown as far as its tests need it: pages, sections, tables, code and links."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?P<level>#+) (?P<title>.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")


@dataclass(frozen=True)
class Fence:
    """A block of code, without its indentation."""

    language: str
    text: str


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next heading."""

    title: str
    text: str

    @property
    def rows(self) -> list[list[str]]:
        """The cells of every table row, heads left out."""
        lines = [line for line in self.text.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
        rules = [number for number, row in enumerate(cells) if all(set(cell) <= set("-:") for cell in row) and row[0]]
        return [row for number, row in enumerate(cells) if number not in rules and number + 1 not in rules]

    @property
    def code(self) -> list[str]:
        """What stands between single back ticks."""
        return _CODE.findall(self.text)


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    file: Path

    @property
    def name(self) -> str:
        return self.file.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @cached_property
    def fences(self) -> list[Fence]:
        return [Fence(match["language"], textwrap.dedent(match["text"])) for match in _FENCE.finditer(self.text)]

    @cached_property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    @cached_property
    def sections(self) -> list[Section]:
        headings = list(_HEADING.finditer(self.prose))
        ends = [heading.start() for heading in headings[1:]] + [len(self.prose)]
        return [
            Section(heading["title"], self.prose[heading.end() : end])
            for heading, end in zip(headings, ends, strict=True)
        ]

    def section(self, title: str) -> Section:
        return next(section for section in self.sections if section.title == title)

    @property
    def whole(self) -> Section:
        """All of it, as if it were one section."""
        return Section(self.name, self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """What a link to a heading can name, as GitHub makes it."""
        plain = (re.sub(r"[^\w\- ]", "", section.title.lower()) for section in self.sections)
        return {title.replace(" ", "-") for title in plain}

    @property
    def links(self) -> list[str]:
        """Links to files of the project and headings, not to other sites."""
        return [link for link in _LINK.findall(self.prose) if "://" not in link]


@cache
def pages() -> tuple[Page, ...]:
    """Every page of the project."""
    files = (file for folder in ("", "docs/**/", "changelog.d/") for file in sorted(ROOT.glob(f"{folder}*.md")))
    return tuple(map(read, files))


@cache
def read(file: Path) -> Page:
    """A page, whose parts are found once."""
    return Page(file)


def page(name: str) -> Page:
    return read(ROOT / name)


def first_code(rows: list[list[str]]) -> Iterator[str]:
    """The code that each row begins with; rows that begin otherwise are left out."""
    for row in rows:
        if found := _CODE.match(row[0]):
            yield found[1]
