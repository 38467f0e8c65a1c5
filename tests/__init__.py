"""Tests on real components."""
