"""Images with and without a person: from COCO's layout to a prepared dataset, and from that to training batches."""
