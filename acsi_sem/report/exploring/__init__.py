"""Chapters of the page on an explored survey."""
