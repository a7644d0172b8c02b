/// The version of the program.
enum Version {
    /// Semantic version.
    static let current = "0.1.0"
    /// What it calls itself towards servers.
    static let userAgent = "godwit/\(current)"
}
