"""What runs beside Apache at the frontend."""
