import GodwitModel

/// Something in a manifest directory that is not an object, and why.
public struct ManifestProblem: Sendable, Hashable, CustomStringConvertible {
    /// Whether an object may be missing because of it.
    public enum Severity: Sendable, Hashable {
        /// It was never meant as a manifest.
        case ignored
        /// It looks like a manifest and cannot be read.
        case failed
    }

    /// The file, from the directory.
    public let path: String
    /// The line, counted from 1; 0 when it concerns the whole file.
    public let line: Int
    /// Why, in words.
    public let reason: String
    /// Whether an object may be missing.
    public let severity: Severity

    /// Where and why.
    public var description: String { line > 0 ? "\(path), line \(line): \(reason)" : "\(path): \(reason)" }
}

/// Where in a file an object stands.
struct ManifestPlace: Sendable, Hashable {
    /// The file, from the directory.
    let path: String
    /// The document's bytes in the file.
    let range: Range<Int>
    /// The line of the document.
    let line: Int
    /// The element, when the document is a list.
    let listIndex: Int?
    /// Documents and list elements that share the file.
    let neighbours: Int

    /// The place of an object that has a file of its own.
    static func own(path: String, size: Int) -> ManifestPlace {
        ManifestPlace(path: path, range: 0..<size, line: 1, listIndex: nil, neighbours: 0)
    }
}

/// Reads the objects of one manifest file.
struct ManifestFile {
    /// A found object.
    struct Object {
        let place: ManifestPlace
        let value: JSONValue
    }

    let path: String
    private(set) var objects: [Object] = []
    private(set) var problems: [ManifestProblem] = []

    var isJSON: Bool { Self.isJSON(path) }

    static func isJSON(_ path: String) -> Bool { path.lowercased().hasSuffix(".json") }

    static func isManifest(_ path: String) -> Bool {
        let lower = path.lowercased()
        return lower.hasSuffix(".yaml") || lower.hasSuffix(".yml") || lower.hasSuffix(".json")
    }

    init(path: String, bytes: [UInt8]) {
        self.path = path
        for document in Self.documents(path: path, bytes) {
            do {
                if let value = try Self.parse(path: path, bytes, document) { add(value, document) }
            } catch {
                problems.append(
                    ManifestProblem(path: path, line: error.line, reason: error.reason, severity: .failed))
            }
        }
        for index in objects.indices {
            let place = objects[index].place
            objects[index] = Object(
                place: ManifestPlace(
                    path: place.path, range: place.range, line: place.line, listIndex: place.listIndex,
                    neighbours: objects.count - 1 + problems.count),
                value: objects[index].value)
        }
    }

    private static func documents(path: String, _ bytes: [UInt8]) -> [YAMLDocument] {
        isJSON(path) ? [YAMLDocument(range: 0..<bytes.count, line: 1)] : YAMLDocument.split(bytes)
    }

    /// One document's value; `bytes` begin with the document when it is read alone.
    static func parse(
        path: String, _ bytes: [UInt8], _ document: YAMLDocument
    ) throws(KubernetesYAML.Fault) -> JSONValue? {
        guard isJSON(path) else { return try document.parse(bytes) }
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            let line = 1 + bytes.prefix(error.offset).count { $0 == 0x0A }
            throw KubernetesYAML.Fault(reason: error.reason, line: line)
        }
    }

    /// The elements of a list, `kind: List` of `v1` or a typed list; nil for an object.
    static func elements(of value: JSONValue) -> [JSONValue]? {
        guard let kind = value["kind"]?.string, kind.hasSuffix("List"), let items = value["items"]?.array,
            value["metadata"]?["name"] == nil
        else { return nil }
        // A typed list's elements may leave out what the list says.
        let elementKind = String(kind.dropLast(4))
        guard !elementKind.isEmpty else { return items }
        return items.map { item in
            var item = item
            guard item.object != nil else { return item }
            if item["kind"] == nil { item["kind"] = .string(elementKind) }
            if item["apiVersion"] == nil { item["apiVersion"] = value["apiVersion"] }
            return item
        }
    }

    private mutating func add(_ value: JSONValue, _ document: YAMLDocument) {
        if let elements = Self.elements(of: value) {
            for (index, element) in elements.enumerated() { add(element, document, listIndex: index) }
        } else {
            add(value, document, listIndex: nil)
        }
    }

    private mutating func add(_ value: JSONValue, _ document: YAMLDocument, listIndex: Int?) {
        func report(_ reason: String, _ severity: ManifestProblem.Severity) {
            let element = listIndex.map { "element \($0) of the list: " } ?? ""
            problems.append(
                ManifestProblem(path: path, line: document.line, reason: element + reason, severity: severity))
        }
        let (apiVersion, kind) = (value["apiVersion"]?.string ?? "", value["kind"]?.string ?? "")
        guard !apiVersion.isEmpty, !kind.isEmpty else { return report("no apiVersion and kind", .ignored) }
        guard GroupVersion(apiVersion: apiVersion).group != "kustomize.config.k8s.io" else {
            return report("a \(kind) is for kustomize, not for a cluster", .ignored)
        }
        guard let name = value[path: "metadata", "name"]?.string, !name.isEmpty else {
            return report("a \(kind) without metadata.name", .failed)
        }
        if let namespace = value[path: "metadata", "namespace"], namespace.string == nil, !namespace.isNull {
            // YAML reads `namespace: n` as false.
            return report("the metadata.namespace of \(kind) '\(name)' is not a string; put it in quotes", .failed)
        }
        let place = ManifestPlace(
            path: path, range: document.range, line: document.line, listIndex: listIndex, neighbours: 0)
        objects.append(Object(place: place, value: value))
    }
}
