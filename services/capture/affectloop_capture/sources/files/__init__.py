"""One module for each file format; it names a ``FORMAT``, which the registry finds and asks whether it knows a file."""
