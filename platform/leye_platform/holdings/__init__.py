"""What the object store holds, and for whom: contents and who uses them, what nobody names, what was removed."""
