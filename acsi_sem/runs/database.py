"""A team's database: reaching it, its version, and transactions that publishers take in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from acsi_sem.errors import Problem, UsageError
from acsi_sem.runs.database_address import Address
from acsi_sem.runs.database_tables import Layout, make_layout, view_text

Step = Callable[[sa.Connection, Layout], None]
STEPS: Final[tuple[Step, ...]] = ()
"""What turns tables of version 1 + i into those of version 2 + i; a new database needs none."""

LOCK: Final = int.from_bytes(b"acsi_sem", "big")
"""Number of the advisory lock that publishers to a database of PostgreSQL hold in turn.

One for all schemas: an unnamed schema may be the one that another publisher names.
"""

_WAIT_SECONDS: Final = 60


class Database:
    """Tables at an address; a writing transaction has them to itself.

    Parameters
    ----------
    address : Address
    steps : sequence of Step
        Migrations, of which each makes the tables one version newer.
    """

    def __init__(self, address: Address, steps: Sequence[Step] = STEPS) -> None:
        self.address = address
        self.layout = make_layout(address.schema)
        self._steps = tuple(steps)
        options: dict[str, Any] = {"timeout": _WAIT_SECONDS}
        if not address.is_file:
            options = {} if "connect_timeout" in address.url.query else {"connect_timeout": 10}
        self._engine = sa.create_engine(
            address.url, poolclass=sa.pool.NullPool, connect_args=options
        )
        if address.is_file:
            sa.event.listen(self._engine, "connect", _leave_begin_to_us)

    @property
    def version(self) -> int:
        """Version of the tables that this program writes."""
        return 1 + len(self._steps)

    @property
    def exists(self) -> bool:
        """Whether there is anything to connect to: a file that is not there would be made."""
        return not self.address.is_file or Path(str(self.address.url.database)).exists()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that no other publisher's overlaps; it ends whole or not at all.

        Raises
        ------
        UsageError
            If the database cannot be reached or refuses.
        """
        with self._connected() as connection:
            if self.address.is_file:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT_SECONDS}s'")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction for reading alone.

        Raises
        ------
        UsageError
            If the database cannot be reached or refuses.
        """
        with self._connected() as connection:
            connection.exec_driver_sql(
                "BEGIN" if self.address.is_file else "SET TRANSACTION READ ONLY"
            )
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """Connect, and put what the server says into an error of ours."""
        try:
            with self._engine.connect() as connection, connection.begin():
                yield connection
        except (sa.exc.SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as error:
            raise _said(self.address, error) from None

    def version_there(self, connection: sa.Connection) -> int:
        """Return the version of the tables in the database; 0 for none.

        Raises
        ------
        UsageError
            If a newer program made them.
        """
        versions = self.layout.versions
        if not sa.inspect(connection).has_table(versions.name, schema=versions.schema):
            return 0
        found = connection.execute(sa.select(sa.func.max(versions.c.version))).scalar() or 0
        if found > self.version:
            expected = f"tables of version {self.version} or older"
            remedy = "publish with the newer acsi-sem that made them"
            raise UsageError(
                Problem(self.address.shown, "acsi_schema", expected, f"version {found}", remedy)
            )
        return int(found)

    def prepare(self, connection: sa.Connection) -> None:
        """Make the tables, or bring older ones up to date, within the transaction at hand.

        Raises
        ------
        UsageError
            If a newer program made them.
        """
        there = self.version_there(connection)
        if there == self.version:
            return
        if there == 0:
            self._create(connection)
        else:
            for step in self._steps[there - 1 :]:
                step(connection, self.layout)
        connection.execute(self.layout.versions.insert().values(version=self.version))

    def _create(self, connection: sa.Connection) -> None:
        schema = self.address.schema
        if schema and not sa.inspect(connection).has_schema(schema):
            connection.execute(sa.schema.CreateSchema(schema))
        # Tables of the same names that are not ours must stop us, so nothing is skipped.
        self.layout.metadata.create_all(connection, checkfirst=False)
        for name in self.layout.outputs:
            connection.exec_driver_sql(view_text(connection.dialect, self.layout, name))


def _leave_begin_to_us(connection: Any, record: object) -> None:  # noqa: ARG001
    """Stop Python's sqlite3 from opening and ending transactions by itself."""
    connection.isolation_level = None


def _said(address: Address, error: Exception) -> UsageError:
    """Make an error of what the server or the driver said."""
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    got = address.masked(lines[0] if lines else type(cause).__name__)
    remedy = "check the address, that the server runs, and what its user may do"
    if type(cause).__name__ == "DataError":  # a value of ours, which no other address would take
        remedy = ""
    return UsageError(Problem(address.shown, "", "a database that takes the tables", got, remedy))
