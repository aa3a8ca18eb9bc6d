"""The archive: two thousand tickets of the past weeks, so that the demo is a desk a team has worked at."""
