"""Kernels: discovery, launch, connection and messages. The only package that uses jupyter_client and zmq."""
