"""The models that cross a boundary: documents, wire messages, responses. Imports nothing else of Shelftalk."""
