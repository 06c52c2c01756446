"""Names as a site needs them: file names that hold for ever, titles that hide nothing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from acsi_sem.report import words

ROOT: Final = "index.html"
_LONGEST: Final = 48
_TURNS: Final = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SAFE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MARKED: Final = re.compile(r".*-[0-9a-f]{8}")
_RESERVED: Final = re.compile(r"con|prn|aux|nul|index|com\d|lpt\d")


def file_name(name: str) -> str:
    """Make a file name from a unit's name: ASCII, and a function of that name alone.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    str
        The name itself where it is a safe one, else its letters and a part of its SHA-256, so
        that different names never meet and a page keeps its address from quarter to quarter.

    Examples
    --------
    >>> file_name("airlines"), file_name("../Été & Co"), file_name("质量")
    ('airlines', 'ete-co-7f6198f0', 'x-55847d2e')
    """
    plain = _SAFE.fullmatch(name) and len(name) <= _LONGEST
    if plain and not _MARKED.fullmatch(name) and not _RESERVED.fullmatch(name):
        return name
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = words.slug(folded)[:_LONGEST].strip("-")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem}-{digest}"


def plural(level: str) -> str:
    """Return the plural of a level's name.

    Examples
    --------
    >>> plural("company"), plural("sector"), plural("day")
    ('companies', 'sectors', 'days')
    """
    if re.search(r"[^aeiou]y$", level):
        return f"{level[:-1]}ies"
    return f"{level}s"


def page_path(level: str, unit: str) -> str:
    """Return the path of a unit's page from the site's root.

    Examples
    --------
    >>> page_path("industry", "airlines")
    'industries/airlines.html'
    """
    return f"{file_name(plural(level))}/{file_name(unit)}.html"


def shown(title: str) -> str:
    """Make a title fit to be shown: no control characters, none that turn the text around it.

    Examples
    --------
    >>> shown("Evil\\u202e Airlines\\x00 ")
    'Evil Airlines'
    """
    return _TURNS.sub("", words.clean(title)).strip()


def address(here: str, there: str) -> str:
    """Return the way from one page to another, both as paths from the site's root.

    Examples
    --------
    >>> address("companies/a.html", "index.html"), address("index.html", "sectors/b.html")
    ('../index.html', 'sectors/b.html')
    """
    return "../" * here.count("/") + there
