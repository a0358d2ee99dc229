"""The application itself: kernels, the documents bound to them, runs. Knows neither LSP nor zmq."""
