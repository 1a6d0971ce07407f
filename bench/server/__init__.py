"""The server benchmark: echo servers in one contest."""
