"""The benchmark behind docs/capacity.md: Shelftalk against a bare Temporal workflow, in one run on one server.

`python -m bench` starts a durable PostgreSQL, Temporal, a mail sink and the two engines as processes of its own,
measures, prints a table and one line of JSON, and stops everything.
"""
