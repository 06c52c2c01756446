"""Where a team's database is: reading an address without ever showing its password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from acsi_sem.errors import Problem, UsageError

DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}
_FORMS: Final = "postgresql://USER:PASSWORD@HOST/NAME, sqlite:///FILE or env:VARIABLE"
_SCHEMA: Final = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Address:
    """A database, and how it is named to people.

    Attributes
    ----------
    url : sqlalchemy.URL
        With the driver that is used; holds the password.
    shown : str
        Without password and options.
    schema : str
        Schema of PostgreSQL that the tables are in; empty for the user's own.
    """

    url: sa.URL
    shown: str
    schema: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.url.get_backend_name() == "sqlite"

    def masked(self, text: str) -> str:
        """Return a message of the server's with the password, should it be there, hidden."""
        secrets = [self.url.password, *map(str, self.url.query.values())]
        for secret in (text_ for text_ in secrets if text_):
            text = text.replace(str(secret), "***")
        return text


def read_address(to: str, schema: str, environment: Mapping[str, str]) -> Address:
    """Read what ``--to`` and ``--schema`` name.

    Parameters
    ----------
    to : str
        ``postgresql://USER:PASSWORD@HOST:PORT/NAME``, ``sqlite:///FILE``, or ``env:VARIABLE``
        for either in an environment variable, which other users of the machine cannot see.
    schema : str
        Empty for none.
    environment : mapping

    Raises
    ------
    UsageError
        If it is none of these; the message does not repeat the address.

    Examples
    --------
    >>> read_address("env:DB", "", {"DB": "postgres://me:secret@db.example.org/acsi"}).shown
    'postgresql://me@db.example.org/acsi'
    """
    url = _url(_looked_up(to, environment))
    if url.get_backend_name() == "sqlite":
        _check_file(url, schema)
        return Address(url, f"sqlite:///{url.database}")
    if "@" in (url.host or ""):
        raise _refused("an address with one @", "several", "write @ in a password as %40")
    if schema and not _SCHEMA.fullmatch(schema):
        problem = Problem(
            "acsi-sem publish",
            "--schema",
            "lower-case letters, digits and underscores, not beginning with pg_",
            repr(schema),
        )
        raise UsageError(problem)
    user = f"{url.username}@" if url.username else ""
    port = f":{url.port}" if url.port else ""
    shown = f"postgresql://{user}{url.host or ''}{port}/{url.database or ''}"
    return Address(url, shown, schema)


def _looked_up(to: str, environment: Mapping[str, str]) -> str:
    """Return the address itself, from the environment where that is asked."""
    kind, colon, name = to.partition(":")
    if kind != "env" or not colon:
        return to
    found = environment.get(name, "")
    if not found:
        raise _refused(f"an address in the environment variable {name}", "none", f"export {name}")
    return found


def _url(text: str) -> sa.URL:
    """Parse an address; what cannot be parsed is not repeated, for it may hold a password."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise _refused(_FORMS, "something else") from None
    if url.drivername not in DRIVERS:
        # A kind that stands before "://" is no secret; anything else might be.
        raise _refused(_FORMS, f"{url.drivername}://", "these two kinds are supported")
    return url.set(drivername=DRIVERS[url.drivername])


def _check_file(url: sa.URL, schema: str) -> None:
    """Refuse a database in memory, which nobody could read afterwards, options and schemas."""
    if url.database in (None, "", ":memory:"):
        raise _refused("sqlite:///FILE", "no file", "three slashes, then the path")
    if url.query or url.host:
        raise _refused("sqlite:///FILE", "a host or options", "leave them out")
    if schema:
        remedy = "leave out --schema"
        raise UsageError(
            Problem("acsi-sem publish", "--schema", "PostgreSQL", "SQLite, which has none", remedy)
        )


def _refused(expected: str, got: str, remedy: str = "") -> UsageError:
    return UsageError(Problem("acsi-sem publish", "--to", expected, got, remedy))
