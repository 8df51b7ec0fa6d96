"""One module for each device of this machine; it names a class that is a ``Device``."""
