"""The API as programs see it: over HTTP, with a real database behind it."""
