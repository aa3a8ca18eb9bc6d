"""What the worker carries out later. Arguments are ids; every task may run twice."""
