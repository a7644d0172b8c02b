extension Backup {
    /// Reads a `velero.io/v1` Backup. Fields that Godwit does not know are kept and written back by ``json``.
    ///
    /// - Throws: ``APIObjectError`` for a field of the wrong type or a phase that is none.
    public init(json: JSONValue) throws(APIObjectError) {
        var envelope = try APIEnvelope(json, kind: "Backup")
        self.init(
            name: envelope.name, labels: envelope.labels, annotations: try envelope.metadata.stringMap("annotations"),
            spec: try BackupSpec(&envelope.spec),
            status: try BackupStatus(&envelope.status))
        unknownFields = envelope.unknownFields
    }

    /// The `velero.io/v1` Backup, with the fields that were not known when it was read. Times are cut to seconds.
    public var json: JSONValue {
        APIEnvelope.json(
            kind: "Backup", name: name, labels: labels, annotations: annotations, unknownFields: unknownFields,
            spec: spec.write,
            status: status.write)
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
        defaultVolumesToFSBackup = try spec.bool("defaultVolumesToFsBackup")
        snapshotVolumes = try spec.bool("snapshotVolumes")
        snapshotMoveData = try spec.bool("snapshotMoveData")
        volumeSnapshotLocations = try spec.strings("volumeSnapshotLocations")
        if let timeout = try spec.duration("csiSnapshotTimeout"), timeout != .zero { csiSnapshotTimeout = timeout }
        if let timeout = try spec.duration("itemOperationTimeout"), timeout != .zero { itemOperationTimeout = timeout }
    }

    func write(to spec: inout JSONValue) {
        filter.write(to: &spec)
        spec.set("orderedResources", orderedResources.mapValues { $0.joined(separator: ",") })
        spec["ttl"] = .string(GoDuration.format(timeToLive))
        spec.set("storageLocation", storageLocation)
        if let resourcePolicy { spec["resourcePolicy"] = resourcePolicy }
        spec.set("defaultVolumesToFsBackup", defaultVolumesToFSBackup)
        spec.set("snapshotVolumes", snapshotVolumes)
        spec.set("snapshotMoveData", snapshotMoveData)
        spec.set("volumeSnapshotLocations", volumeSnapshotLocations)
        if let csiSnapshotTimeout { spec["csiSnapshotTimeout"] = .string(GoDuration.format(csiSnapshotTimeout)) }
        if let itemOperationTimeout {
            spec["itemOperationTimeout"] = .string(GoDuration.format(itemOperationTimeout))
        }
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
