"""Mutants: small changes of the money core, each of which some test must notice."""
