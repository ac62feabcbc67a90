"""The page's charts: Vega-Lite specifications, drawn in the reader's browser."""
