"""The channels' ways out: a folder per channel, each with the endings of `sender`, and the registry of them all."""
