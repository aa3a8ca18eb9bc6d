"""Measurements anybody can repeat: each starts a desk of its own, measures, prints a table and cleans up."""
