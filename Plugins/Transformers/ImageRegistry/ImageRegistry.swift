// ImageRegistry
