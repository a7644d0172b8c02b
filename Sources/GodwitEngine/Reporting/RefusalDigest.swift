/// What an API server refused for want of rights, gathered so that a person reads a line a cause, where a run without
/// rights brings one a resource or even one an item.
///
/// It goes by the words of Kubernetes' authorizer: `User "u" cannot list resource "secrets" in API group "" at the cluster
/// scope`, or `… in the namespace "shop"`. Anything else is left to the caller.
public struct RefusalDigest: Sendable {
    private struct Cause: Hashable {
        let user: String
        let verb: String
    }

    private enum Scope: Hashable, Comparable {
        case cluster
        case namespace(String)
    }

    /// The resources of each cause and place.
    private var refused: [Cause: [Scope: Set<String>]] = [:]

    /// Resources or namespaces that a line names at most; the results have them all.
    private static let nameLimit = 50

    /// Nothing was refused.
    public init() {}

    /// Whether nothing was refused.
    public var isEmpty: Bool { refused.isEmpty }

    /// Takes a message in; false when it is about something else.
    public mutating func take(_ message: String) -> Bool {
        guard let user = Self.quoted(after: #"User ""#, in: message[...]),
            let verb = Self.word(after: " cannot ", in: user.rest),
            let resource = Self.quoted(after: #" resource ""#, in: verb.rest),
            let group = Self.quoted(after: #" in API group ""#, in: resource.rest),
            let scope = Self.scope(group.rest)
        else { return false }
        let name = group.text.isEmpty ? resource.text : "\(resource.text).\(group.text)"
        refused[Cause(user: user.text, verb: verb.text), default: [:]][scope, default: []].insert(name)
        return true
    }

    /// What was refused, a line a cause, and what to do about it.
    public var lines: [(summary: String, advice: String)] {
        refused.sorted { ($0.key.user, $0.key.verb) < ($1.key.user, $1.key.verb) }.flatMap { cause, places in
            // Namespaces in which the same was refused share a line.
            Dictionary(grouping: places) { $0.value }.map { resources, places in
                (resources: resources.sorted(), scopes: places.map(\.key).sorted())
            }
            .sorted { ($0.scopes[0], $0.resources[0]) < ($1.scopes[0], $1.resources[0]) }
            .map { Self.line(cause, $0.resources, $0.scopes) }
        }
    }

    private static func line(
        _ cause: Cause, _ resources: [String], _ scopes: [Scope]
    ) -> (summary: String, advice: String) {
        let namespaces = scopes.compactMap { if case .namespace(let name) = $0 { name } else { nil } }
        let isClusterWide = namespaces.count < scopes.count
        var places = isClusterWide ? ["the whole cluster"] : []
        if !namespaces.isEmpty {
            places.append((namespaces.count == 1 ? "namespace " : "namespaces ") + list(namespaces))
        }
        let number = resources.count == 1 ? "1 resource" : "\(resources.count) resources"
        let option = isClusterWide ? "" : " --namespace \(namespaces[0])"
        let role = isClusterWide ? "ClusterRole and ClusterRoleBinding" : "Role and RoleBinding"
        let verbs = cause.verb == "list" ? "get and list" : cause.verb
        return (
            "forbidden: user '\(cause.user)' may not \(cause.verb) \(number) in \(places.joined(separator: " and ")): "
                + list(resources),
            "see what the user may do with 'kubectl auth can-i --list\(option)'; grant \(verbs) on these resources by a "
                + "\(role), or leave them out with --exclude-resources"
        )
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(nameLimit).joined(separator: ", ")
        return names.count > nameLimit ? "\(shown) and \(names.count - nameLimit) more" : shown
    }

    private static func scope(_ rest: Substring) -> Scope? {
        if rest.hasPrefix(" at the cluster scope") { return .cluster }
        return quoted(after: #" in the namespace ""#, in: rest, isNext: true).map { .namespace($0.text) }
    }

    private static func quoted(
        after marker: String, in text: Substring, isNext: Bool = false
    ) -> (text: String, rest: Substring)? {
        guard let start = text.firstRange(of: marker), !isNext || start.lowerBound == text.startIndex,
            let end = text[start.upperBound...].firstIndex(of: "\"")
        else { return nil }
        return (String(text[start.upperBound..<end]), text[text.index(after: end)...])
    }

    private static func word(after marker: String, in text: Substring) -> (text: String, rest: Substring)? {
        guard text.hasPrefix(marker) else { return nil }
        let word = text.dropFirst(marker.count).prefix { $0 != " " }
        return (String(word), text[word.endIndex...])
    }
}
