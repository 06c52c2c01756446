"""The chapters of a report, each a function from facts to blocks."""
