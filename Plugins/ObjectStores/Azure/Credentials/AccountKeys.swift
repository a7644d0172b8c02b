import CloudStorage
import GodwitModel

/// Asks Azure Resource Manager for an account's key.
///
/// Source: "Storage Accounts - List Keys" of the Azure Storage Resource Provider REST API.
struct AccountKeys: Sendable {
    let service: TokenService
    let subscription: String
    let resourceGroup: String
    let account: String
    let resourceManager: String

    /// What a token must be for.
    var resource: String {
        var text = resourceManager
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    func fetch(_ token: AccessToken) async throws -> AzureAccountKey {
        let name = "Azure Resource Manager (keys of \(account))"
        let path = [
            "subscriptions", subscription, "resourceGroups", resourceGroup, "providers", "Microsoft.Storage",
            "storageAccounts", account, "listKeys",
        ].map(PercentEncoding.encode).joined(separator: "/")
        let document = try await service.post(
            json: [:], to: "\(resource)/\(path)?api-version=2023-01-01", token: token, name: name)
        // A key that may only read is of no use here.
        let keys = (document["keys"]?.array ?? []).filter { $0["permissions"]?.string?.uppercased() == "FULL" }
        guard let key = keys.first?["value"]?.string else { throw CredentialsError("\(name) gave no key") }
        return try AzureAccountKey(key, from: name)
    }
}
