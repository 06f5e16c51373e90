"""The law: which messages ASGI lets follow one another, as tables, and what the words of the protocol mean."""
