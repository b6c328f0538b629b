"""What takes the time; see README.md."""
