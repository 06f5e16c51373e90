"""The teacher: lessons as data, what they ask, and how a recording is judged. Starts no server and reads no clock."""
