"""The channels' ways out: one file per channel, each with the endings of `sender`."""
