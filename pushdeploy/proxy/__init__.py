"""The proxy: sites, certificates, static files, maintenance. A deploy needs none of it."""
