"""
One page, read: a body and an address in, records with their evidence out.

Nothing here touches the network, the store or the clock, so a thousand pages a second can be
tested, and a saved page says tomorrow what it says today.
"""
