extension Restore {
    /// Reads a `velero.io/v1` Restore. Fields that Godwit does not know are kept and written back by ``json``.
    ///
    /// - Throws: ``APIObjectError`` for a field of the wrong type, or a phase or policy that is none.
    public init(json: JSONValue) throws(APIObjectError) {
        var envelope = try APIEnvelope(json, kind: "Restore")
        self.init(
            name: envelope.name, labels: envelope.labels, spec: try RestoreSpec(&envelope.spec),
            status: try RestoreStatus(&envelope.status))
        unknownFields = envelope.unknownFields
    }

    /// The `velero.io/v1` Restore, with the fields that were not known when it was read. Times are cut to seconds.
    public var json: JSONValue {
        APIEnvelope.json(
            kind: "Restore", name: name, labels: labels, unknownFields: unknownFields, spec: spec.write,
            status: status.write)
    }
}

extension RestoreSpec {
    init(_ spec: inout APIFields) throws(APIObjectError) {
        self.init(backupName: try spec.string("backupName") ?? "")
        filter = try ItemFilterSpec(&spec)
        namespaceMapping = try spec.stringMap("namespaceMapping")
        for (from, to) in try spec.stringMap("claimMapping") {
            guard let from = ClaimName(from), let to = ClaimName(to) else {
                throw spec.error("claimMapping", "'\(from): \(to)' is not of the form namespace/name")
            }
            claimMapping[from] = to
        }
        if let text = try spec.string("existingResourcePolicy"), !text.isEmpty {
            guard let known = ExistingResourcePolicy(rawValue: text) else {
                throw spec.error("existingResourcePolicy", "'\(text)' is not none, update, replace or fail")
            }
            existingResourcePolicy = known
        }
        if let restored = spec.take("restoreStatus") {
            var fields = try APIFields(restored, kind: spec.kind, path: "spec.restoreStatus")
            restoreStatus = IncludesExcludesSpec(
                included: try fields.strings("includedResources"), excluded: try fields.strings("excludedResources"))
        }
        preserveNodePorts = try spec.bool("preserveNodePorts") ?? false
        changes = try spec.stringMap("changes")
        restorePersistentVolumes = try spec.bool("restorePVs")
        if let timeout = try spec.duration("itemOperationTimeout"), timeout != .zero { itemOperationTimeout = timeout }
    }

    func write(to spec: inout JSONValue) {
        spec.set("backupName", backupName)
        filter.write(to: &spec)
        spec.set("namespaceMapping", namespaceMapping)
        spec.set(
            "claimMapping",
            Dictionary(uniqueKeysWithValues: claimMapping.map { ($0.key.description, $0.value.description) }))
        if existingResourcePolicy != .none {
            spec["existingResourcePolicy"] = .string(existingResourcePolicy.rawValue)
        }
        if let restoreStatus {
            var fields: JSONValue = [:]
            fields.set("includedResources", restoreStatus.included)
            fields.set("excludedResources", restoreStatus.excluded)
            spec["restoreStatus"] = fields
        }
        if preserveNodePorts { spec["preserveNodePorts"] = true }
        spec.set("changes", changes)
        spec.set("restorePVs", restorePersistentVolumes)
        if let itemOperationTimeout {
            spec["itemOperationTimeout"] = .string(GoDuration.format(itemOperationTimeout))
        }
    }
}

extension RestoreStatus {
    init(_ status: inout APIFields) throws(APIObjectError) {
        self.init()
        if let text = try status.string("phase"), !text.isEmpty {
            guard let known = RestorePhase(rawValue: text) else { throw status.error("phase", "'\(text)' is no phase") }
            phase = known
        }
        started = try status.time("startTimestamp")
        completed = try status.time("completionTimestamp")
        var progress = try status.fields("progress")
        totalItems = try progress.count("totalItems")
        itemsRestored = try progress.count("itemsRestored")
        status.keep("progress", progress.rest)
        warnings = try status.count("warnings")
        errors = try status.count("errors")
        failureReason = try status.string("failureReason")
        validationErrors = try status.strings("validationErrors")
    }

    func write(to status: inout JSONValue) {
        if self != RestoreStatus() { status["phase"] = .string(phase.rawValue) }
        status.set("startTimestamp", started)
        status.set("completionTimestamp", completed)
        var progress = status["progress"] ?? [:]
        progress.set("totalItems", totalItems)
        progress.set("itemsRestored", itemsRestored)
        status.set("progress", progress)
        status.set("warnings", warnings)
        status.set("errors", errors)
        status.set("failureReason", failureReason)
        status.set("validationErrors", validationErrors)
    }
}
