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
        let selection = CollectionSelection(
            "list", resource, namespace: namespace, labels: options.labelSelector, fields: options.fieldSelector)
        let connection = connection
        let listing = BackgroundProducer(channel) {
            do {
                var pager = ListPager(
                    connection, resource, request: try selection.request(connection), pageSize: options.pageSize,
                    into: channel)
                await pager.run()
            } catch {
                channel.finish(throwing: error)
            }
        }
        return ItemStream { try await listing.next() }
    }
}
