// GodwitEngine
