"""Run the command line: ``python -m acsi_sem``."""

from acsi_sem.cli import main

main()
