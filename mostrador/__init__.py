"""Mostrador: refund, cancel and answer Amazon buyers from one screen."""
