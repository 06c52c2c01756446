"""What is written: output tables, their columns and types, deterministic CSV and Parquet."""
