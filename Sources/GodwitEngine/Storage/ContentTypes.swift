/// The media types of what is stored.
enum ContentTypes {
    static let json = "application/json"
    static let zstd = "application/zstd"
    static let gzip = "application/gzip"
}
