import GodwitPluginSDK

/// An object store in a directory of this machine: `plugin://example.com/shelf/BUCKET/PREFIX?root=/srv/shelf`.
@main
struct ShelfPlugin {
    static func main() async {
        await PluginServer(objectStores: [ShelfProvider()]).run()
    }
}

struct ShelfProvider: ObjectStoreProvider {
    let name = "example.com/shelf"
    let schemes = ["shelf"]
    let parameters = [(name: "root", meaning: "the directory that holds the buckets")]

    func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        guard let root = location.parameters["root"], root.hasPrefix("/") else {
            throw ObjectStoreError(
                .invalidConfiguration, operation: "open", store: "shelf", reason: "root must name a directory")
        }
        return OpenedObjectStore(store: try Shelf(directory: "\(root)/\(location.authority)"), prefix: "")
    }
}
