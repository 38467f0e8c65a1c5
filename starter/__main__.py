"""`python -m starter`: the same as `shelftalk`, for where its script is not on PATH."""

from starter.cli import main

if __name__ == "__main__":
    main()
