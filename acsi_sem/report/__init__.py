"""Content, figures and the HTML page."""
