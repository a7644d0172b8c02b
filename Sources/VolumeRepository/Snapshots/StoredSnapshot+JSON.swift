public import GodwitModel

extension StoredSnapshot {
    /// The snapshot for scripts: its document with its id, and without the list of its tree's chunks.
    public var json: JSONValue {
        var json = snapshot.json
        json["id"] = .string(id.description)
        json["tree"] = nil
        return json
    }
}
