"""What the processes of Shelftalk run on."""
