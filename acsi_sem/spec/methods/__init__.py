"""The study's part `methods`: one module for each kind of assessment method."""
