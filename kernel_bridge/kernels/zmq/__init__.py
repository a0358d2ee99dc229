"""The zmq transport: sockets, heartbeat, frames and signatures."""
