/// What a `velero.io/v1` Backup and Restore have in common: kind, metadata, spec and status, and the fields that are not
/// known, which are kept.
struct APIEnvelope {
    var name: String
    var labels: [String: String]
    /// To be read but for name and labels; what is not taken is kept.
    var metadata: APIFields
    /// To be read; what is not taken is kept.
    var spec: APIFields
    /// To be read; what is not taken is kept.
    var status: APIFields
    private var object: APIFields

    init(_ json: JSONValue, kind: String) throws(APIObjectError) {
        var object = try APIFields(json, kind: kind)
        guard object.take("kind") == .string(kind), object.take("apiVersion") == "velero.io/v1" else {
            throw object.error("kind", "not apiVersion velero.io/v1, kind \(kind)")
        }
        var metadata = try object.fields("metadata")
        guard let name = try metadata.string("name") else { throw metadata.error("name", "missing") }
        self.name = name
        labels = try metadata.stringMap("labels")
        spec = try object.fields("spec")
        status = try object.fields("status")
        self.metadata = metadata
        self.object = object
    }

    /// Everything that nobody has taken.
    var unknownFields: JSONValue {
        var object = object
        object.keep("metadata", metadata.rest)
        object.keep("spec", spec.rest)
        object.keep("status", status.rest)
        return object.rest ?? [:]
    }

    /// Writes an object around what was not known when it was read.
    static func json(
        kind: String, name: String, labels: [String: String], annotations: [String: String] = [:],
        unknownFields: JSONValue, spec: (inout JSONValue) -> Void, status: (inout JSONValue) -> Void
    ) -> JSONValue {
        var object = unknownFields
        object["apiVersion"] = "velero.io/v1"
        object["kind"] = .string(kind)
        var metadata = object["metadata"] ?? [:]
        metadata["name"] = .string(name)
        metadata.set("labels", labels)
        metadata.set("annotations", annotations)
        object["metadata"] = metadata
        var specification = object["spec"] ?? [:]
        spec(&specification)
        object["spec"] = specification
        var state = object["status"] ?? [:]
        status(&state)
        object.set("status", state)
        return object
    }
}
