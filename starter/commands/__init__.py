"""The commands of `shelftalk`, a file for each group: they read arguments, ask the operations, and show the answer."""
