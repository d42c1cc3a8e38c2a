"""Package data of regard: shipped profiles and the starter project; no code."""
