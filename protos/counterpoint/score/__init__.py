"""`counterpoint score`: one session drawn as a score, a single self-contained page.

Time runs from left to right in systems, as in music: the input stave, the output stave with its words, and below them
how long every micro-turn took against its due time.
"""
