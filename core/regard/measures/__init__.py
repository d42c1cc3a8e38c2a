"""
Measures: pure functions from a view to numbers, each with the base that it stands on.

They are small, ask no clock and draw nothing. Totals are exact: sums are decimals, and
amounts of different currencies never meet.
"""
