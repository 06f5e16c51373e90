"""The judge: reads a recording as it grows and says which rules were broken, by whom, and what would have been legal."""
