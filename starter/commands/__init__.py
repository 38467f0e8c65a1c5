"""The commands of `shelftalk`, a file for each noun: they read arguments, ask the services, and show the answer."""
