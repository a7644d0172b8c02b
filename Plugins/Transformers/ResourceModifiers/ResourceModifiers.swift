// ResourceModifiers
