public import GodwitModel
import Streams

extension KubernetesCluster {
    /// What a listing may hold that nobody has taken yet, in bytes.
    private static let buffer = 4 << 20

    /// Streams the objects of a resource. The first request is sent when the first batch is asked for.
    ///
    /// An object that changes while a listing runs appears as it was when the listing began, unless that state has
    /// expired meanwhile.
    public func list(_ resource: APIResource, namespace: String?, options: ListOptions) -> ItemStream {
        let channel = BoundedChannel<[Item]>(limit: Self.buffer) { $0.reduce(0) { $0 + $1.bytes.count } }
        let path = ResourcePath(resource, namespace: namespace)
        let operation = "list \(path.words)"
        let connection = connection
        let listing = BackgroundProducer(channel) {
            do {
                var request = APIRequest(try path.path(), operation: operation)
                request.query.add("labelSelector", options.labelSelector?.description)
                request.query.add("fieldSelector", options.fieldSelector)
                var pager = ListPager(
                    connection, resource, request: request, pageSize: options.pageSize, into: channel)
                await pager.run()
            } catch {
                channel.finish(throwing: connection.error(.invalid, operation, "a name that cannot be one"))
            }
        }
        return ItemStream { try await listing.next() }
    }
}
