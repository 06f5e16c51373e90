"""What leaves asgiviz as a file for others. Nothing here runs, asks or draws on a terminal: data in, one text out."""
