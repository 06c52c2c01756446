"""0-100 indices, impacts and breakdowns."""
