"""Amazon as a real HTTP server: login, orders, feeds, finances and mail relay, with a ledger of its own."""
