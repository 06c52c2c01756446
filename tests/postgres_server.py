"""A PostgreSQL server of the tests' own: started once per process, thrown away at its end."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

USER, PASSWORD = "owner", "s3cret-pass"
_USERS = ("postgres", "nobody")
_NUMBERS = itertools.count(1)
_CALM = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
)


def _program(name: str) -> str:
    """Return the path of one of the server's programs; empty where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ["PATH"]])) or ""


def _as_owner(folder: Path) -> list[str]:
    """Return what goes before a command: initdb refuses to be root, so another user runs it."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam(next(name for name in _USERS if name in names))
    for path in (folder, *folder.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@functools.cache
def _started() -> str:
    """Start the server; return the address of its first database, or an empty text without one."""
    initdb, control = _program("initdb"), _program("pg_ctl")
    if not initdb or not control:
        return ""
    # Not below pytest's own folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="acsi-postgres-"))
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    before, data, port = _as_owner(folder), folder / "data", free_port()
    options = [f"-c {setting}" for setting in (*_CALM, f"unix_socket_directories={folder}")]
    rules = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder / 'password'}"]
    made = [initdb, "--no-sync", "--encoding=UTF8", "--locale=C", *rules, str(data)]
    start = [control, "start", "--wait", f"--pgdata={data}", f"--log={folder / 'log'}"]
    for command in (made, [*start, "--options", " ".join([f"-p {port}", *options])]):
        done = subprocess.run(
            [*before, *command], cwd=folder, stdout=subprocess.DEVNULL, timeout=60, check=False
        )
        assert done.returncode == 0, command
    stop = [*before, control, "stop", "--mode=immediate", f"--pgdata={data}"]
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(subprocess.run, stop, cwd="/", stdout=subprocess.DEVNULL, check=False)
    return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}"


def new_database() -> str:
    """Return the address of a new, empty database; skip the test where there is no server."""
    server = _started()
    if not server:
        pytest.skip("no PostgreSQL server on this machine")
    name = f"test{next(_NUMBERS)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


def engine_of(address: str) -> sa.Engine:
    """Return an engine to look at a database with, past the code under test."""
    url = address.replace("postgresql://", "postgresql+psycopg://")
    return sa.create_engine(url, poolclass=sa.pool.NullPool)
