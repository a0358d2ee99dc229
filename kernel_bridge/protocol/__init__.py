"""Everything that has a name on the wire: message types, errors, JSON Schema (docs/protocol.md).

Imports nothing of ours, so that whoever speaks the protocol can use it alone.
"""
