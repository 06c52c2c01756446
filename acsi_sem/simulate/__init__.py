"""Surveys with known truth."""
