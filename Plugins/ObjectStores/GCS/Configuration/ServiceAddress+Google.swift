import CloudStorage

extension ServiceAddress {
    /// The address without the JSON API's own path, with which Google's libraries, and so Velero, want an endpoint:
    /// `https://host/storage/v1/`.
    var withoutService: ServiceAddress {
        let service = "/storage/v1"
        guard basePath.hasSuffix(service) else { return self }
        return ServiceAddress(
            scheme: scheme, authority: authority, basePath: String(basePath.dropLast(service.count)))
    }
}
