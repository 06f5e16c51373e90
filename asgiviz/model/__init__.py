"""The nouns: values, events, connections and masking. Imports nothing but the standard library."""
