/// An etag without its quotes; nil when nothing is left.
package func unquoted(_ etag: String) -> String? {
    var etag = Substring(etag)
    if etag.hasPrefix("\""), etag.hasSuffix("\""), etag.count >= 2 { etag = etag.dropFirst().dropLast() }
    return etag.isEmpty ? nil : String(etag)
}
