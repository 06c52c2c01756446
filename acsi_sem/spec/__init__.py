"""Model and study files: the theory and the study as frozen values."""
