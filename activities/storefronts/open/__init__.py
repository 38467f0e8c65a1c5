"""The open API: any other system tells of its shop, in a form of ours."""
