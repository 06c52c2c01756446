"""Replicates and intervals."""
