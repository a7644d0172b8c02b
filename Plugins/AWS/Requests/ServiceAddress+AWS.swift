package import CloudStorage

extension ServiceAddress {
    /// The endpoint of a service of AWS's in a region, such as `s3` in `eu-central-1`.
    package static func aws(_ service: String, region: String) -> ServiceAddress {
        let domain = domains.first { region.hasPrefix($0.region) }?.domain ?? "amazonaws.com"
        return ServiceAddress(scheme: "https", authority: "\(service).\(region).\(domain)", basePath: "")
    }

    /// The endpoint of STS in a region.
    ///
    /// - Parameter isFIPS: with cryptography validated by FIPS 140. In GovCloud all of them are, and none says so.
    package static func sts(region: String, isFIPS: Bool) -> ServiceAddress {
        aws(isFIPS && !region.hasPrefix("us-gov-") ? "sts-fips" : "sts", region: region)
    }

    /// How the regions of a partition begin, and the domain of its services, for the partitions with one of their own.
    ///
    /// Source: the partitions' documents of endpoints in the AWS SDKs.
    private static let domains: [(region: String, domain: String)] = [
        ("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"), ("us-isof-", "csp.hci.ic.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
    ]
}
