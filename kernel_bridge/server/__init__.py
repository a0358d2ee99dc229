"""The language server. The only user of pygls and lsprotocol."""
