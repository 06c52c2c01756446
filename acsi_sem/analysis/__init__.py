"""A request carried out: every table of a study as one value."""
