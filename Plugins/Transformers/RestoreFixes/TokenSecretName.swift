/// Names of the token Secrets that clusters before 1.24 make for every ServiceAccount: `<account>-token-` and five random
/// characters, cut as generated names are (k8s.io/apiserver, names.SimpleNameGenerator).
enum TokenSecretName {
    private static let randomCharacters = Set("bcdfghjklmnpqrstvwxz2456789")
    private static let randomLength = 5
    private static let maximumBaseLength = 63 - randomLength

    /// Whether a Secret or volume of this name was generated for the account, rather than made by a person who chose a
    /// similar name.
    static func isGenerated(_ name: String, for account: String) -> Bool {
        let base = String("\(account)-token-".prefix(maximumBaseLength))
        guard name.hasPrefix(base) else { return false }
        let random = name.dropFirst(base.count)
        return random.count == randomLength && random.allSatisfy(randomCharacters.contains)
    }
}
