"""What a screen or a text page shows of a recording, without any screen: filters, safe text, plain lines."""
