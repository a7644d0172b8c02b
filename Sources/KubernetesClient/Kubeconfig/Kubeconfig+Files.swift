import GodwitModel

extension Kubeconfig {
    /// Reads the files that the user means, by kubectl's rules: the one that is named; else those of `KUBECONFIG`,
    /// of which missing ones are passed over; else `~/.kube/config`, if it exists.
    static func read(path: String?, environment: [String: String]) throws(KubeconfigError) -> Kubeconfig {
        var config = Kubeconfig()
        if let path, !path.isEmpty {
            let origin = KubeconfigError.Origin(file: path, field: nil)
            try config.merge(try content(path, origin), file: path)
            return config
        }
        var read: Set<String> = []
        for file in files(environment) where SmallFile.exists(file) && read.insert(file).inserted {
            try config.merge(try content(file, KubeconfigError.Origin(file: file)), file: file)
        }
        return config
    }

    private static func content(_ path: String, _ origin: KubeconfigError.Origin) throws(KubeconfigError) -> [UInt8] {
        try SmallFile.read(path, limit: KubeconfigDocument.maximumSize, origin: origin)
    }

    private static func files(_ environment: [String: String]) -> [String] {
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty { return listed }
        guard let home = environment["HOME"], !home.isEmpty else { return [] }
        return [FilePath.resolve(".kube/config", in: home)]
    }
}
