"""The specification: one file a thing, one sentence a test."""
