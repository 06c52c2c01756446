"""Loading an engine's libraries before BLAS is pinned."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from acsi_sem.terms import Engine

_NEEDS: Final[dict[Engine, tuple[str, ...]]] = {
    "pls": (),
    "plsc": (),
    "semopy": ("scipy.linalg", "scipy.special", "semopy"),
    "ml": ("scipy.linalg", "scipy.special"),
    "ols": ("statsmodels.api",),
    "composite": (),
    "ordinal": ("scipy.linalg", "scipy.special"),
}


def preload(engines: Iterable[Engine]) -> None:
    """Import what the engines compute with.

    threadpoolctl pins only the BLAS libraries that are loaded already: an engine imported inside
    the pinned block would run its first fit on every core, with other last bits.
    """
    for engine in engines:
        for module in _NEEDS[engine]:
            import_module(module)
