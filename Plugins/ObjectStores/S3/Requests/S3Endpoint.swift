import AWS

/// Where a bucket's requests go; whether the bucket is in the host or in the path is said beside it.
typealias S3Endpoint = ServiceAddress

extension S3Endpoint {
    /// The endpoint of AWS for a region.
    static func aws(region: String) -> S3Endpoint {
        let domain = domain(ofRegion: region)
        return S3Endpoint(scheme: "https", authority: "s3.\(region).\(domain)", basePath: "")
    }

    /// Host and encoded path of a key in a bucket, or of the bucket itself.
    func location(bucket: String, key: String?, pathStyle: Bool) -> (authority: String, path: String) {
        let encoded = key.map { "/" + PercentEncoding.encodePath($0) }
        if pathStyle { return (authority, "\(basePath)/\(PercentEncoding.encode(bucket))\(encoded ?? "")") }
        return ("\(bucket).\(authority)", basePath + (encoded ?? "/"))
    }
}
