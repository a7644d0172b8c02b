package import GodwitPluginAPI
package import HTTPTransport

extension ObjectInfo {
    /// What the headers of an answer say of an object.
    package init(key: String, size: Int64, headers: HTTPHeaders, isLocked: Bool = false) {
        self.init(
            key: key, size: size, modified: headers["Last-Modified"].flatMap(ServiceDate.parseHTTP),
            etag: headers["ETag"].flatMap(unquoted), isLocked: isLocked)
    }
}
