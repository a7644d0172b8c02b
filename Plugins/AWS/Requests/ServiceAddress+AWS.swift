package import CloudStorage

extension ServiceAddress {
    /// The endpoint of a service of AWS's in a region, such as `s3` in `eu-central-1`.
    package static func aws(_ service: String, region: String) -> ServiceAddress {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return ServiceAddress(scheme: "https", authority: "\(service).\(region).\(domain)", basePath: "")
    }
}
