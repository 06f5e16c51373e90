"""The laboratory: trials with real children and real sockets, and what is around them."""
