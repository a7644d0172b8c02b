import CloudStorage

extension ServiceAddress {
    /// The endpoint of AWS for a region.
    ///
    /// - Parameters:
    ///   - isFIPS: with cryptography validated by FIPS 140; there are such endpoints in North America and GovCloud.
    ///   - isDualStack: that is reached over IPv6 too.
    static func aws(region: String, isFIPS: Bool = false, isDualStack: Bool = false) -> ServiceAddress {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let service = isFIPS ? "s3-fips" : "s3"
        let stack = isDualStack ? ".dualstack" : ""
        return ServiceAddress(scheme: "https", authority: "\(service)\(stack).\(region).\(domain)", basePath: "")
    }

    /// Host and encoded path of a key in a bucket, or of the bucket itself.
    func location(bucket: String, key: String?, pathStyle: Bool) -> (authority: String, path: String) {
        let encoded = key.map { "/" + PercentEncoding.encodePath($0) }
        if pathStyle { return (authority, "\(basePath)/\(PercentEncoding.encode(bucket))\(encoded ?? "")") }
        return ("\(bucket).\(authority)", basePath + (encoded ?? "/"))
    }
}
