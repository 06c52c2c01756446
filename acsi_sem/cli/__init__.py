"""The command `acsi-sem`: arguments in, exit codes out; the clock and the terminal live here."""

from __future__ import annotations

from acsi_sem.cli.app import main as main
