"""From a message's templates and the facts about a subject to what a contact reads."""
