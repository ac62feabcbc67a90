"""From recordings and images to prepared datasets, and from those to training batches."""
