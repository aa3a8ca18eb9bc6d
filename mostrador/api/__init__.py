"""The same verbs as JSON, for programs: bearer tokens in, problem details out, described by OpenAPI."""
