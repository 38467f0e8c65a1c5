"""Stores whose platform is spoken to: their secrets, their catalogue, and what is asked again to keep it true."""
