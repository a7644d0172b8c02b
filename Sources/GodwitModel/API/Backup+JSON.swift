extension Backup {
    /// Reads a `velero.io/v1` Backup. Fields that Godwit does not know are kept and written back by ``json``.
    ///
    /// - Throws: ``APIObjectError`` for a field of the wrong type or a phase that is none.
    public init(json: JSONValue) throws(APIObjectError) {
        var object = try APIFields(json, kind: "Backup")
        guard object.take("kind") == "Backup", object.take("apiVersion") == "velero.io/v1" else {
            throw object.error("kind", "not apiVersion velero.io/v1, kind Backup")
        }
        var metadata = try object.fields("metadata")
        guard let name = try metadata.string("name") else { throw metadata.error("name", "missing") }
        let labels = try metadata.stringMap("labels")
        let annotations = try metadata.stringMap("annotations")
        var spec = try object.fields("spec")
        var status = try object.fields("status")
        self.init(
            name: name, labels: labels, annotations: annotations, spec: try BackupSpec(&spec),
            status: try BackupStatus(&status))
        object.keep("metadata", metadata.rest)
        object.keep("spec", spec.rest)
        object.keep("status", status.rest)
        unknownFields = object.rest ?? [:]
    }

    /// The `velero.io/v1` Backup, with the fields that were not known when it was read. Times are cut to seconds.
    public var json: JSONValue {
        var object = unknownFields
        object["apiVersion"] = "velero.io/v1"
        object["kind"] = "Backup"
        var metadata = object["metadata"] ?? [:]
        metadata["name"] = .string(name)
        metadata.set("labels", labels)
        metadata.set("annotations", annotations)
        object["metadata"] = metadata
        var specification = object["spec"] ?? [:]
        spec.write(to: &specification)
        object["spec"] = specification
        var state = object["status"] ?? [:]
        status.write(to: &state)
        object.set("status", state)
        return object
    }
}

extension BackupSpec {
    init(_ spec: inout APIFields) throws(APIObjectError) {
        self.init()
        filter = try ItemFilterSpec(&spec)
        for (resource, names) in try spec.stringMap("orderedResources") {
            orderedResources[resource] = names.split(separator: ",").map { $0.trimmingSpaces() }
        }
        // Velero reads zero as "the default".
        if let duration = try spec.duration("ttl"), duration != .zero { timeToLive = duration }
        storageLocation = try spec.string("storageLocation") ?? ""
        resourcePolicy = spec.take("resourcePolicy")
    }

    func write(to spec: inout JSONValue) {
        filter.write(to: &spec)
        spec.set("orderedResources", orderedResources.mapValues { $0.joined(separator: ",") })
        spec["ttl"] = .string(GoDuration.format(timeToLive))
        spec.set("storageLocation", storageLocation)
        if let resourcePolicy { spec["resourcePolicy"] = resourcePolicy }
    }
}

extension BackupStatus {
    init(_ status: inout APIFields) throws(APIObjectError) {
        self.init()
        if let text = try status.string("phase"), !text.isEmpty {
            guard let known = BackupPhase(rawValue: text) else { throw status.error("phase", "'\(text)' is no phase") }
            phase = known
        }
        formatVersion = try status.string("formatVersion") ?? ""
        formatMajorVersion = try status.count("version")
        started = try status.time("startTimestamp")
        completed = try status.time("completionTimestamp")
        expires = try status.time("expiration")
        var progress = try status.fields("progress")
        totalItems = try progress.count("totalItems")
        itemsBackedUp = try progress.count("itemsBackedUp")
        status.keep("progress", progress.rest)
        warnings = try status.count("warnings")
        errors = try status.count("errors")
        failureReason = try status.string("failureReason")
        validationErrors = try status.strings("validationErrors")
    }

    func write(to status: inout JSONValue) {
        if self != BackupStatus() { status["phase"] = .string(phase.rawValue) }
        status.set("formatVersion", formatVersion)
        status.set("version", formatMajorVersion)
        status.set("startTimestamp", started)
        status.set("completionTimestamp", completed)
        status.set("expiration", expires)
        var progress = status["progress"] ?? [:]
        progress.set("totalItems", totalItems)
        progress.set("itemsBackedUp", itemsBackedUp)
        status.set("progress", progress)
        status.set("warnings", warnings)
        status.set("errors", errors)
        status.set("failureReason", failureReason)
        status.set("validationErrors", validationErrors)
    }
}
