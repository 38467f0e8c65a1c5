"""The conversation document: what a marketer writes, as models."""
