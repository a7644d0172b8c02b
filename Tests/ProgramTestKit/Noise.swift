public import Foundation

/// Bytes that no compressor makes smaller.
public enum Noise {
    /// So many of them.
    public static func bytes(_ count: Int) -> Data {
        // The kernel's are quicker to get than any generator of a debug build.
        guard let device = FileHandle(forReadingAtPath: "/dev/urandom") else { return Data() }
        return device.readData(ofLength: count)
    }

    /// So many of them as base64.
    public static func base64(_ count: Int) -> String { bytes(count).base64EncodedString() }
}
