"""Kernels: found, started, connected, heard. The only user of jupyter_client and zmq."""
