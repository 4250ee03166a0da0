"""What stands on each screen, as values that a template can print."""
