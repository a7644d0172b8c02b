/// How large the frames of a tarball become. All sizes are bytes of uncompressed tar.
public struct FramePolicy: Sendable, Hashable {
    /// The size that a frame does not exceed, unless a single entry does.
    public let target: Int
    /// The size below which a frame is not ended early at a boundary that the caller names.
    public let minimum: Int

    /// A policy. The target is at least 4 KiB and the minimum at most the target.
    public init(target: Int = 2 << 20, minimum: Int = 128 << 10) {
        self.target = max(target, 4096)
        self.minimum = min(max(minimum, 0), self.target)
    }
}
