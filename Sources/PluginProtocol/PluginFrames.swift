/// How HTTP/2 cuts what host and program say to each other.
package enum PluginFrames {
    /// Bytes that a frame may have. Messages are of a megabyte where many items travel, and HTTP/2's 16 KiB, the default,
    /// cost more than their content.
    package static let maximum = 1 << 20
}
