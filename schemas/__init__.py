"""What is said: the models that cross a boundary. Imports nothing else of Shelftalk."""
