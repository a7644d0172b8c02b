// StorageClass
