"""deliver: load the facts, form the verdict, write the ledger, send, write the outcome."""
