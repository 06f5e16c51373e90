"""The book of rules: a table for each part of the specification, and what a row of it consists of."""
