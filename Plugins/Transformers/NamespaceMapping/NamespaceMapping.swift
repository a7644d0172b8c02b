// NamespaceMapping
