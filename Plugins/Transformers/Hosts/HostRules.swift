public import GodwitModel

/// Which host names become which: `old=new` by the longest suffix of whole labels.
///
/// `apps.old.example.com=apps.new.example.com` moves `shop.apps.old.example.com` to `shop.apps.new.example.com`, and the
/// wildcard `*.apps.old.example.com` with it. The rule for a single host is its full name.
public struct HostRules: Sendable, Hashable {
    private let targets: [[Substring]: String]
    private let longest: Int

    /// Checks the rules.
    ///
    /// - Parameter rules: old domain or host to new one.
    /// - Throws: ``HostRuleError`` for the first rule that is wrong, in the order of the left sides.
    public init(_ rules: [String: String]) throws(HostRuleError) {
        var targets: [[Substring]: String] = [:]
        for (old, new) in rules.sorted(by: { $0.key < $1.key }) {
            for side in [old, new] {
                guard let problem = Self.problem(with: side) else { continue }
                throw HostRuleError(rule: "\(old)=\(new)", fault: "'\(side)' is not a host or domain: \(problem)")
            }
            guard targets.updateValue(new.lowercased(), forKey: Self.labels(of: old)) == nil else {
                throw HostRuleError(rule: "\(old)=\(new)", fault: "another rule has the same left side")
            }
        }
        self.targets = targets
        longest = targets.keys.map(\.count).max() ?? 0
    }

    /// The host after the rules; one that no rule is for stays as it is written.
    public func mapped(_ host: String) -> String {
        let labels = Self.labels(of: host)
        for count in stride(from: min(longest, labels.count), to: 0, by: -1) {
            guard let target = targets[Array(labels.suffix(count))] else { continue }
            return (labels.dropLast(count).map(String.init) + [target]).joined(separator: ".")
        }
        return host
    }

    /// Host names are the same in either case.
    private static func labels(of host: String) -> [Substring] {
        host.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func problem(with host: String) -> String? {
        if host.hasPrefix("*.") { return "a domain stands for its wildcard too, so leave out the '*.'" }
        return NameValidation.problem(withSubdomain: host.lowercased())
    }
}

/// A host rule that cannot be used.
public struct HostRuleError: AdvisedError, Hashable {
    /// The rule as it was written.
    public let rule: String
    /// What is wrong with it.
    public let fault: String

    /// Which rule.
    public var summary: String { "'\(rule)' is not a host rule" }
    /// What is wrong.
    public var reason: String? { fault }
    /// What to write.
    public var advice: String? { "write old=new, such as apps.old.example.com=apps.new.example.com" }
}
