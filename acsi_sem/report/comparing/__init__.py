"""The chapters of a comparison of systems."""
