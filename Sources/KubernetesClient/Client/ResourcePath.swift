import GodwitModel

/// Where a resource, or one object of it, is served.
struct ResourcePath: Sendable {
    let resource: APIResource
    let namespace: String?
    let name: String?
    let subresource: String?

    /// - Parameter namespace: passed over for cluster-scoped resources.
    init(_ resource: APIResource, namespace: String?, name: String? = nil, subresource: String? = nil) {
        self.resource = resource
        self.namespace = resource.isNamespaced ? namespace : nil
        self.name = name
        self.subresource = subresource
    }

    /// The URL's path. Names become single segments: an empty one would address the whole collection, and one with a
    /// slash or dots another object.
    func path() throws(InvalidSegment) -> String {
        let groupVersion = resource.groupVersion
        var segments = groupVersion.group.isEmpty ? ["api"] : ["apis", groupVersion.group]
        segments.append(groupVersion.version)
        if let namespace { segments += ["namespaces", namespace] }
        segments.append(resource.plural)
        if let name { segments.append(name) }
        if let subresource { segments.append(subresource) }
        var path = ""
        for segment in segments {
            guard !segment.isEmpty, segment != ".", segment != "..", !segment.contains("/"), !segment.contains("%")
            else { throw InvalidSegment(text: segment) }
            path += "/" + PercentEncoding.component(segment)
        }
        return path
    }

    /// Which object, in words: `secrets/shop/db`.
    var words: String {
        ([resource.groupResource.description, namespace, name].compactMap { $0 } + [subresource].compactMap { $0 })
            .joined(separator: "/")
    }

    /// A name that cannot be part of a URL.
    struct InvalidSegment: Error {
        let text: String
    }
}

/// The query of a URL.
struct Query: Sendable {
    private(set) var text = ""

    /// Adds a parameter; nil adds nothing.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        text += (text.isEmpty ? "?" : "&") + PercentEncoding.component(name) + "=" + PercentEncoding.component(value)
    }
}
