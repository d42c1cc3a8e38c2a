"""The use cases: read a source into the store, look at it first, report on the store."""
