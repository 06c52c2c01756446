"""The field's other assessment methods, each on weighted answers with intervals."""
