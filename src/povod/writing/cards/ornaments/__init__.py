"""What surrounds the text of a card: one module per family of shapes."""
