"""`kernel-bridge --stdio` and the commands that a person types; drives the bridge, owns no logic."""
