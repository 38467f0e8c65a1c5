"""The embedded components of `shelftalk up` and `shelftalk demo`: Temporal, PostgreSQL and a mailbox, each for real."""
