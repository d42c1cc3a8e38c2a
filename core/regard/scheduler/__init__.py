"""
The loop: what is due is run, for months, and every due time leaves a row in the ledger.

`planning` says what the configuration plans, `deciding` what becomes of a due time, `loop`
does it, `working` is what its children do, `alarms` wakes it with APScheduler.
"""
