"""Features of sounds and sizes of images: one definition for training, export and the device."""
