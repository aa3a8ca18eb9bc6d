"""What a person asks for: one function is one verb is one transaction."""
