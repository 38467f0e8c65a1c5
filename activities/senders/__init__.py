"""How messages leave: a folder per channel, the contract they all keep (`sender`), and the registry of them."""
