"""What is allowed: pure functions of facts and time, without Django, network, clock or chance."""
