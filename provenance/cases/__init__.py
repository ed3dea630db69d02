"""Complaints: notices, counter-notices, clocks, decisions, appeals, and the public register of them."""
