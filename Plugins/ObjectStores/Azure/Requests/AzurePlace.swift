import CloudStorage

/// Where a container is: the account, the service, the cloud.
struct AzurePlace: Sendable {
    let account: String
    let address: ServiceAddress
    let cloud: AzureCloud

    /// - Throws: ``SettingError``.
    init(_ configuration: AzureConfiguration, _ variables: AzureVariables) throws(SettingError) {
        let name = variables["AZURE_CLOUD_NAME"]
        guard let cloud = configuration.cloud ?? AzureCloud(named: name ?? "public") else {
            throw SettingError(key: "cloud", reason: "AZURE_CLOUD_NAME is '\(name ?? "")', which is no known cloud")
        }
        self.cloud = cloud
        let given = configuration.account ?? variables["AZURE_STORAGE_ACCOUNT"]
        guard let endpoint = configuration.endpoint else {
            guard let given else {
                throw SettingError(key: "account", reason: "it is missing, and AZURE_STORAGE_ACCOUNT is not set")
            }
            account = given
            address = ServiceAddress(
                scheme: "https", authority: "\(given).blob.\(cloud.storageSuffix)", basePath: "")
            return
        }
        // `https://ACCOUNT.blob.core.windows.net`, or below an address without names `http://127.0.0.1:10000/ACCOUNT`.
        let isPathStyle = endpoint.isAddress || !endpoint.basePath.isEmpty
        let found =
            isPathStyle
            ? endpoint.basePath.split(separator: "/").first.map(String.init)
            : endpoint.authority.split(separator: ".").first.map(String.init)
        guard let account = given ?? found else {
            throw SettingError(key: "account", reason: "it is missing, and the endpoint does not name it")
        }
        self.account = account
        address =
            isPathStyle && endpoint.basePath.isEmpty
            ? ServiceAddress(scheme: endpoint.scheme, authority: endpoint.authority, basePath: "/\(account)") : endpoint
    }

    /// Refuses to send what anyone on the way could use over an open connection.
    func checkSafety(of authorization: AzureAuthorization) throws(SettingError) {
        switch authorization {
        case .sharedKey, .fetchedKey: return
        case .sas, .token:
            guard address.isSafe else {
                throw SettingError(
                    key: "endpoint",
                    reason: "a token or SAS would cross the network in the clear to \(address.text); use https")
            }
        }
    }

    /// The encoded path of a blob, of the container (nil), or of the service.
    func path(container: String, key: String?) -> String {
        let blob = key.map { "/" + PercentEncoding.encodePath($0) } ?? ""
        return "\(address.basePath)/\(PercentEncoding.encode(container))\(blob)"
    }

    /// The encoded path of the service.
    var servicePath: String { address.basePath + "/" }
}
