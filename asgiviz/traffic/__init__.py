"""The hand: scripted clients, well-behaved and not, over real sockets. A script is data; playing it returns what was seen."""
