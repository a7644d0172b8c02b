// GodwitEngineTests
