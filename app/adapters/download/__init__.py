"""Many files over HTTP: found, fetched in ranges, resumed and checked."""
