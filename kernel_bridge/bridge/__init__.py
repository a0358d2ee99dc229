"""The application: kernels, their runs, and the documents bound to them. Knows neither LSP nor zmq."""
