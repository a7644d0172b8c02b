/// Names of the Secrets with which service accounts pull from the cluster's own registry: `<account>-dockercfg-` and five
/// random characters, cut as generated names are (k8s.io/apiserver, names.SimpleNameGenerator).
enum GeneratedSecretName {
    private static let randomCharacters = Set("bcdfghjklmnpqrstvwxz2456789")
    private static let randomLength = 5
    private static let infix = "-dockercfg-"

    /// Whether a Secret of this name was generated for some account.
    static func isGenerated(_ name: String) -> Bool {
        guard let found = name.ranges(of: infix).last else { return false }
        let random = name[found.upperBound...]
        return found.lowerBound > name.startIndex && random.count == randomLength
            && random.allSatisfy(randomCharacters.contains)
    }
}
