/// One of Microsoft's clouds: where its services are.
struct AzureCloud: Sendable, Hashable {
    /// The name in `cloud=`.
    let name: String
    /// What follows `ACCOUNT.blob.`.
    let storageSuffix: String
    /// Where tokens come from.
    let authority: String
    /// Azure Resource Manager.
    let resourceManager: String

    static let global = AzureCloud(
        name: "public", storageSuffix: "core.windows.net", authority: "https://login.microsoftonline.com",
        resourceManager: "https://management.azure.com")
    static let china = AzureCloud(
        name: "china", storageSuffix: "core.chinacloudapi.cn", authority: "https://login.chinacloudapi.cn",
        resourceManager: "https://management.chinacloudapi.cn")
    static let government = AzureCloud(
        name: "usgovernment", storageSuffix: "core.usgovcloudapi.net", authority: "https://login.microsoftonline.us",
        resourceManager: "https://management.usgovcloudapi.net")

    /// The cloud of a name: of `cloud=`, or as AZURE_CLOUD_NAME has it.
    init?(named name: String) {
        switch name.lowercased() {
        case "public", "azurecloud", "azurepubliccloud": self = .global
        case "china", "azurechinacloud": self = .china
        case "usgovernment", "azureusgovernment", "azureusgovernmentcloud": self = .government
        default: return nil
        }
    }

    private init(name: String, storageSuffix: String, authority: String, resourceManager: String) {
        self.name = name
        self.storageSuffix = storageSuffix
        self.authority = authority
        self.resourceManager = resourceManager
    }
}
