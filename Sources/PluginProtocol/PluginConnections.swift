package import NIOCore

/// What host and program set on the connection between them, each on its side.
package enum PluginConnections {
    /// Bytes that a frame of HTTP/2 may have. Messages are of a megabyte where many items travel, and HTTP/2's 16 KiB, the
    /// default, cost more than their content.
    package static let maximumFrame = 1 << 20

    /// Prepares a connection before anything goes over it.
    ///
    /// The connection as a whole always takes more; each stream waits by itself until what it wrote has gone out, so no
    /// more than a message of each is in memory. With a limit for all of them, an answer that is written in the moment in
    /// which another one has filled the connection is never flushed: gRPC flushes when a stream ceases to be writable, and
    /// this one was not. And while a connection is full, HTTP/2 grants the same window once for each frame that comes.
    @Sendable package static func prepare(
        _ channel: any Channel, of side: PingResponder.Side
    ) -> EventLoopFuture<Void> {
        let unlimited = ChannelOptions.Types.WriteBufferWaterMark(low: 1 << 30, high: 1 << 31)
        return channel.setOption(.writeBufferWaterMark, value: unlimited).flatMap {
            PingResponder.add(to: channel, of: side)
        }
    }
}
