"""The memory: keeps events while the app runs, writes them to a file, reads them back."""
