import GodwitModel

/// One file of a backup or restore, as its metadata lists it.
public struct Artifact: Sendable, Hashable {
    /// The key, relative to the location.
    public let key: String
    /// The size in bytes.
    public let size: Int64
    /// SHA-256 of the stored bytes, 32 bytes.
    public let sha256: [UInt8]

    /// A file.
    public init(key: String, size: Int64, sha256: [UInt8]) {
        self.key = key
        self.size = size
        self.sha256 = sha256
    }
}

/// What a backup's metadata object holds beyond the Backup itself: the format's version and the list of files.
///
/// The document is the Backup in Velero's JSON form, with the format's version as an annotation, `artifacts` beside
/// `spec` and `status`, and `sha256` over the document itself: its compact form with sorted members, without that one.
public struct BackupManifest: Sendable, Hashable {
    /// The annotation that holds the version of the format.
    public static let versionAnnotation = "godwit.io/format-version"
    /// The version that this program writes, and the highest that it reads.
    public static let currentVersion = 1

    /// The version of the format.
    public var version: Int
    /// Every file of the backup but the metadata object.
    public var artifacts: [Artifact]

    /// A manifest of the current version.
    public init(artifacts: [Artifact]) {
        version = Self.currentVersion
        self.artifacts = artifacts
    }

    /// The file with a key.
    public subscript(key: String) -> Artifact? { artifacts.first { $0.key == key } }
}

/// Reading and writing of metadata objects.
enum MetadataDocument {
    /// The document for an object: the object's own JSON with the manifest added.
    static func encode(_ object: JSONValue, manifest: BackupManifest) -> [UInt8] {
        var document = object
        document[path: "metadata", "annotations", BackupManifest.versionAnnotation] = .string("\(manifest.version)")
        document["artifacts"] = .array(
            manifest.artifacts.map { artifact in
                .object([
                    "key": .string(artifact.key), "size": .integer(artifact.size),
                    "sha256": .string(Hexadecimal.text(artifact.sha256)),
                ])
            })
        document["sha256"] = .string(Hexadecimal.text(SHA256Digest.of(document.serialized())))
        return Array(document.prettyPrinted().utf8) + [0x0A]
    }

    /// Reads a document.
    ///
    /// - Throws: ``BackupStorageError`` when it is damaged or of a newer version.
    static func decode(
        _ bytes: [UInt8], subject: String, store: String
    ) throws(BackupStorageError) -> (object: JSONValue, manifest: BackupManifest) {
        func damaged(_ reason: String) -> BackupStorageError {
            BackupStorageError(.damaged, subject: subject, store: store, reason: reason)
        }
        var document: JSONValue
        do { document = try JSONValue(parsing: bytes) } catch { throw damaged("its metadata is \(error)") }
        guard document.object != nil else { throw damaged("its metadata is not a JSON object") }
        let annotation = document[path: "metadata", "annotations", BackupManifest.versionAnnotation]?.string
        guard let version = annotation.flatMap({ Int($0) }) else {
            throw damaged("its metadata does not say which version of the format it is")
        }
        guard version <= BackupManifest.currentVersion else {
            throw BackupStorageError(
                .unsupported, subject: subject, store: store,
                reason: "its format has version \(version), this program reads \(BackupManifest.currentVersion)")
        }
        let expected = document["sha256"]?.string
        document["sha256"] = nil
        guard expected == Hexadecimal.text(SHA256Digest.of(document.serialized())) else {
            throw damaged("the checksum of its metadata does not match")
        }
        var manifest = BackupManifest(artifacts: [])
        manifest.version = version
        for entry in document["artifacts"]?.array ?? [] {
            guard let key = entry["key"]?.string, let size = entry["size"]?.integer, size >= 0,
                let digest = entry["sha256"]?.string.flatMap({ Hexadecimal.bytes($0.utf8) }), digest.count == 32
            else { throw damaged("its list of files is not understood") }
            manifest.artifacts.append(Artifact(key: key, size: size, sha256: digest))
        }
        document["artifacts"] = nil
        return (document, manifest)
    }
}
