"""Every name on the wire: message types, errors, JSON Schema (docs/protocol.md).

Imports no other package of kernel-bridge, so that a client can use it alone.
"""
