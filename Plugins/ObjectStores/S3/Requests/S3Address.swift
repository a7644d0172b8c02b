import AWS
import CloudStorage

extension ServiceAddress {
    /// The endpoint of S3 for a region.
    ///
    /// - Parameters:
    ///   - isFIPS: with cryptography validated by FIPS 140; there are such endpoints in North America and GovCloud.
    ///   - isDualStack: that is reached over IPv6 too.
    static func s3(region: String, isFIPS: Bool = false, isDualStack: Bool = false) -> ServiceAddress {
        .aws((isFIPS ? "s3-fips" : "s3") + (isDualStack ? ".dualstack" : ""), region: region)
    }

    /// Host and encoded path of a key in a bucket, or of the bucket itself.
    func location(bucket: String, key: String?, pathStyle: Bool) -> (authority: String, path: String) {
        let encoded = key.map { "/" + PercentEncoding.encodePath($0) }
        if pathStyle { return (authority, "\(basePath)/\(PercentEncoding.encode(bucket))\(encoded ?? "")") }
        return ("\(bucket).\(authority)", basePath + (encoded ?? "/"))
    }
}
