import CloudStorage
import Foundation
import GodwitModel

/// A profile of the shared files, with everything that it may say about where its credentials come from.
struct ProfileCredentials: CredentialsSource {
    let choice: CredentialsChoice
    let environment: [String: String]
    let sts: SecurityTokenService
    /// What `credential_source` may name.
    let ambient: [String: any CredentialsSource]

    private var profile: String {
        choice.profile ?? environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
    }

    private var credentialsPath: String {
        choice.credentialsFile ?? environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
    }

    private var configurationPath: String { environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config" }

    private var home: String { environment["HOME"] ?? "/" }

    var name: String { "profile '\(profile)' of \(credentialsPath) and \(configurationPath)" }

    func load() async throws -> AWSCredentials? {
        let profiles = try readProfiles()
        let isAskedFor =
            choice.profile != nil || choice.credentialsFile != nil || environment["AWS_PROFILE"] != nil
        guard profiles[profile] != nil else {
            if isAskedFor { throw CredentialsError("there is no \(name)") }
            return nil
        }
        let found = try await resolve(profile, in: profiles, seen: [])
        if found == nil, isAskedFor { throw CredentialsError("\(name) holds no credentials") }
        return found
    }

    /// All profiles; what the credentials file says goes before what the configuration file says.
    private func readProfiles() throws -> [String: [String: String]] {
        var profiles: [String: [String: String]] = [:]
        for (section, settings) in try SharedFile.read(configurationPath)?.sections ?? [:] {
            if section == "default" {
                profiles["default", default: [:]].merge(settings) { own, _ in own }
            } else if section.hasPrefix("profile ") {
                profiles[String(section.dropFirst(8))] = settings
            }
        }
        for (section, settings) in try SharedFile.read(credentialsPath)?.sections ?? [:] {
            profiles[section, default: [:]].merge(settings) { _, own in own }
        }
        return profiles
    }

    private func resolve(
        _ name: String, in profiles: [String: [String: String]], seen: Set<String>
    ) async throws -> AWSCredentials? {
        guard let settings = profiles[name] else { throw CredentialsError("there is no profile '\(name)'") }
        if let role = settings["role_arn"], !(seen.contains(name) && settings["aws_access_key_id"] != nil) {
            guard !seen.contains(name) else {
                throw CredentialsError("the source_profile settings of profile '\(name)' go round in a circle")
            }
            return try await assume(role, name, settings, in: profiles, seen: seen.union([name]))
        }
        if let id = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] {
            return AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: settings["aws_session_token"])
        }
        if let command = settings["credential_process"] {
            return try await ProcessCredentials(command: command, profile: name).load()
        }
        if settings.keys.contains(where: { $0.hasPrefix("sso_") }) {
            throw CredentialsError(
                "profile '\(name)' uses IAM Identity Center (sso_…), which is not supported; put "
                    + "'credential_process = aws configure export-credentials --profile \(name)' into another profile")
        }
        return nil
    }

    private func assume(
        _ role: String, _ name: String, _ settings: [String: String], in profiles: [String: [String: String]],
        seen: Set<String>
    ) async throws -> AWSCredentials {
        let request = AssumeRole(
            role: role, session: settings["role_session_name"] ?? "godwit", externalID: settings["external_id"],
            duration: settings["duration_seconds"].flatMap(Int.init))
        if let file = settings["web_identity_token_file"] {
            return try await sts.assume(request, webIdentityTokenFile: file)
        }
        if settings["mfa_serial"] != nil {
            throw CredentialsError("profile '\(name)' asks for a second factor (mfa_serial), which is not supported")
        }
        let source: AWSCredentials?
        if let profile = settings["source_profile"] {
            source = try await resolve(profile, in: profiles, seen: seen)
        } else if let place = settings["credential_source"] {
            guard let ambient = ambient[place] else {
                throw CredentialsError("profile '\(name)': '\(place)' is no credential_source")
            }
            source = try await ambient.load()
        } else {
            throw CredentialsError("profile '\(name)' has a role_arn without a source of credentials to assume it")
        }
        guard let source else { throw CredentialsError("profile '\(name)': no credentials to assume its role with") }
        return try await sts.assume(request, with: source)
    }
}
