"""How long a batch's content stays, how it goes, and the proof that it went."""
