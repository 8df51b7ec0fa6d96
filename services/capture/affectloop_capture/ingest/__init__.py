"""The gRPC call by which devices bring a session's records: the server, one call, its messages, the queue of a stream."""
