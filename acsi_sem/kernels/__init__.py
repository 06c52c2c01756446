"""Pure NumPy, batch-first numerics."""
