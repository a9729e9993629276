"""Pictures that partners send: looked at to their end, kept by their content, and shown to those who may see them."""
