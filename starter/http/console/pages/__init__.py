"""The pages, a module for each part of the console: it asks services, and gives what they say to a template."""
