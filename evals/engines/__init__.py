"""Voices that ask in evaluation sets and nowhere else: training may neither import nor name them (a test says so)."""
