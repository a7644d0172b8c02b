// TarballTests
