"""Sockets, sessions, scheduling: camera streams in, movement data out."""
