"""Journeys: whole stories in a real browser, on the real worker, web server, database, mails and Amazon."""
