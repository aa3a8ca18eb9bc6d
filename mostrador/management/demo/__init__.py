"""The demo: a pretend Amazon, a worker and the web server on this machine, watched over by one process."""
