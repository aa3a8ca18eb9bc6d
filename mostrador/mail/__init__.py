"""How buyers' mail is read, written, sent and fetched."""
