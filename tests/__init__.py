"""Tests on real components. Workflows run in Temporal's sandbox here, which refuses what may differ in a replay; the
processes that tests start by the command line run them as production does."""

import os

os.environ["SHELFTALK_WORKFLOW_SANDBOX"] = "true"
