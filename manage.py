#!/usr/bin/env python
"""The same as the `mostrador` command, for those who look for manage.py."""

from mostrador.cli import main

if __name__ == "__main__":
    main()
