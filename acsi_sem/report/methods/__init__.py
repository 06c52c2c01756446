"""One chapter for each kind of method."""
