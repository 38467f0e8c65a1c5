"""The console: what Shelftalk shows to the people who work with it, as pages. It holds no rule; services do."""
