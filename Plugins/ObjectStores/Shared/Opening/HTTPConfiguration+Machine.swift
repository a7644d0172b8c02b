package import HTTPTransport

extension HTTPConfiguration {
    /// For services of the machine itself, such as its metadata: no proxy leads there, and none of them speaks HTTP/2.
    package static var ofThisMachine: HTTPConfiguration {
        var configuration = HTTPConfiguration()
        configuration.proxy = ProxyConfiguration.none
        configuration.allowsHTTP2 = false
        return configuration
    }
}
