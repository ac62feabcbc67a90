"""Sounds of machines, normal and anomalous: from the layouts of DCASE 2020, MIMII and ToyADMOS to a prepared dataset,
and from that to training batches."""
