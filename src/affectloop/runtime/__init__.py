"""The runtime: the host of a service's processors, without a bus in it, and the loops that feed it."""
