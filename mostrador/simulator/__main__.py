"""`python -m mostrador.simulator` runs the simulator."""

import sys

from mostrador.simulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
