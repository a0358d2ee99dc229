"""The language server. Only this package uses pygls and lsprotocol."""
