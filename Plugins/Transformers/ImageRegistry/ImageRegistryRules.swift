public import GodwitModel

/// Which registries and repositories images move to: `old=new` by the longest prefix of whole path components.
///
/// Both sides are read as container runtimes read images, so `docker.io=registry.local/hub` moves `nginx:1.25` to
/// `registry.local/hub/library/nginx:1.25`. A left side with a single component is a host if it holds a dot or a colon
/// or is `localhost`; otherwise it is an image of Docker Hub, as `nginx` is. Tags and digests are kept.
public struct ImageRegistryRules: Sendable, Hashable {
    private let targets: [[String]: String]
    private let longest: Int

    /// Checks the rules.
    ///
    /// - Parameter rules: old prefix to new prefix.
    /// - Throws: ``ImageRegistryRuleError`` for the first rule that is wrong, in the order of the old prefixes.
    public init(_ rules: [String: String]) throws(ImageRegistryRuleError) {
        var targets: [[String]: String] = [:]
        for (old, new) in rules.sorted(by: { $0.key < $1.key }) {
            let rule = "\(old)=\(new)"
            let prefix = try Self.prefix(old, in: rule)
            guard targets[prefix] == nil else {
                throw ImageRegistryRuleError(rule: rule, fault: "another rule has the same left side")
            }
            targets[prefix] = try Self.target(new, in: rule)
        }
        self.targets = targets
        longest = targets.keys.map(\.count).max() ?? 0
    }

    /// The image after the rules; an image that no rule is for, or that is no image name, stays as it is written.
    public func mapped(_ image: String) -> String {
        guard longest > 0, let reference = ImageReference(image) else { return image }
        for count in stride(from: min(longest, reference.components.count), to: 0, by: -1) {
            guard let target = targets[Array(reference.components[..<count])] else { continue }
            return ([target] + reference.components[count...]).joined(separator: "/") + reference.suffix
        }
        return image
    }

    private static func prefix(_ text: String, in rule: String) throws(ImageRegistryRuleError) -> [String] {
        let old = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard !old.isEmpty else { throw ImageRegistryRuleError(rule: rule, fault: "the left side is empty") }
        if !old.contains("/"), ImageReference.isHost(old) {
            guard ImageReference.isHostName(old) else {
                throw ImageRegistryRuleError(rule: rule, fault: "'\(old)' is not a registry host")
            }
            return [old == "index.docker.io" ? ImageReference.defaultHost : old]
        }
        let hostAndOne = old.split(separator: "/").count == 2 && ImageReference.isHost(String(old.prefix { $0 != "/" }))
        // A namespace of Docker Hub is not an image in its library.
        if hostAndOne, let slash = old.firstIndex(of: "/") {
            let parts = [String(old[..<slash]), String(old[old.index(after: slash)...])]
            guard ImageReference.isHostName(parts[0]), ImageReference.isPathComponent(parts[1]) else {
                throw ImageRegistryRuleError(rule: rule, fault: notAName(old))
            }
            return [parts[0] == "index.docker.io" ? ImageReference.defaultHost : parts[0], parts[1]]
        }
        guard let components = ImageReference.components(of: old) else {
            throw ImageRegistryRuleError(rule: rule, fault: notAName(old))
        }
        return components
    }

    private static func target(_ text: String, in rule: String) throws(ImageRegistryRuleError) -> String {
        let new = text.hasSuffix("/") ? String(text.dropLast()) : text
        let parts = new.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isHostFirst = ImageReference.isHost(parts[0])
        let path = isHostFirst ? parts[1...] : parts[...]
        guard !new.isEmpty, !isHostFirst || ImageReference.isHostName(parts[0]),
            path.allSatisfy(ImageReference.isPathComponent)
        else {
            throw ImageRegistryRuleError(rule: rule, fault: new.isEmpty ? "the right side is empty" : notAName(new))
        }
        return new
    }

    private static func notAName(_ text: String) -> String {
        "'\(text)' is not a registry or repository name; tags and digests do not belong in a rule"
    }
}

/// An image rule that cannot be used.
public struct ImageRegistryRuleError: AdvisedError, Hashable {
    /// The rule as it was written.
    public let rule: String
    /// What is wrong with it.
    public let fault: String

    /// Which rule.
    public var summary: String { "'\(rule)' is not an image rule" }
    /// What is wrong.
    public var reason: String? { fault }
    /// What to write.
    public var advice: String? { "write old=new, such as docker.io=registry.local:5000/hub" }
}
