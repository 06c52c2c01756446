"""A run on disk: tables, manifest, log."""
