"""Puts tests/ on the import path, so that helpers such as acsi_model are found."""
