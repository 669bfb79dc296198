"""A stand-in for Safaricom's Daraja API, with wallets, a virtual phone and scripted faults."""
