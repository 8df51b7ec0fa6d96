"""Generated protobuf messages, by major version."""
