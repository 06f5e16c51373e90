"""Something to look at without an app of one's own: a small app that shows all of ASGI, and visitors that use all of it."""
