"""Exploring a survey before any model: answers, respondents, how questions hang together."""
