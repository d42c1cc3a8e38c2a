"""
A project to look at: a world of its own, its exports in three vendors' shapes, its config.

Everything in it is generated; nobody in it exists. `make_world` says what is true,
`make_project` writes what three vendors would export of it, with faults as they happen.
"""
