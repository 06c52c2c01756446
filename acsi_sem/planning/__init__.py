"""Surveys yet to be made: how many interviews, of whom, and what they can tell."""
