"""How Amazon's Selling Partner API is spoken to: typed, synchronous, without Django and without retries."""
