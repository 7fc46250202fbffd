"""What the bridge relies on in FreeScout, asked of a server: the stand-in, or a real one (see `conftest.py`)."""
