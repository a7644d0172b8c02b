import CloudStorage

extension ServiceAddress {
    /// Host and encoded path of a key in a bucket, or of the bucket itself.
    func location(bucket: String, key: String?, pathStyle: Bool) -> (authority: String, path: String) {
        let encoded = key.map { "/" + PercentEncoding.encodePath($0) }
        if pathStyle { return (authority, "\(basePath)/\(PercentEncoding.encode(bucket))\(encoded ?? "")") }
        return ("\(bucket).\(authority)", basePath + (encoded ?? "/"))
    }
}
