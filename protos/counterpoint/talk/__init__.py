"""`counterpoint talk`: one session from a recording, a microphone or a text, shown live and left as files."""
