"""Standard LSP served from kernels and runs."""
