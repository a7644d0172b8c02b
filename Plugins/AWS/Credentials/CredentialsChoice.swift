/// What a location says of the credentials to use.
public struct CredentialsChoice: Sendable, Hashable {
    /// The region whose STS is asked.
    public var region: String
    /// The profile to take credentials from; nil for the usual chain.
    public var profile: String?
    /// A file of credentials to take instead of the usual places.
    public var credentialsFile: String?
    /// Whether STS is asked at its endpoint with cryptography validated by FIPS 140.
    public var usesFIPS: Bool

    /// A choice.
    public init(region: String, profile: String? = nil, credentialsFile: String? = nil, usesFIPS: Bool = false) {
        self.region = region
        self.profile = profile
        self.credentialsFile = credentialsFile
        self.usesFIPS = usesFIPS
    }
}
