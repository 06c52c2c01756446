"""Reading a survey and checking it."""
