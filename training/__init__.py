"""Makes page-rerank's bundled model: `python -m training --help`."""
