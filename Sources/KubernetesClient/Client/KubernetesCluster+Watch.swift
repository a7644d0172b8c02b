public import GodwitModel
import Streams

extension KubernetesCluster {
    /// Events that nobody has taken yet.
    private static let eventBuffer = 64

    /// Watches a resource. The first request is sent when the first event is asked for.
    ///
    /// After an expired resource version, objects that vanished meanwhile are reported as deleted with only their
    /// identity, uid and last resource version, because a watch keeps no content; objects that the watch had not
    /// reported before, since it began at a resource version, are reported as added.
    public func watch(_ resource: APIResource, namespace: String?, options: WatchOptions) -> WatchStream {
        let channel = BoundedChannel<WatchEvent>(limit: Self.eventBuffer) { _ in 1 }
        let selection = CollectionSelection(
            "watch", resource, namespace: namespace, labels: options.labelSelector, fields: options.fieldSelector)
        let connection = connection
        let watching = BackgroundProducer(channel) {
            do {
                var watcher = Watcher(
                    connection, resource, request: try selection.request(connection),
                    resourceVersion: options.resourceVersion, into: channel)
                await watcher.run()
            } catch {
                channel.finish(throwing: error)
            }
        }
        return WatchStream { try await watching.next() }
    }
}
