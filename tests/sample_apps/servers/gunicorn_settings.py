"""What a tutorial leaves behind."""

bind = "0.0.0.0:9999"
reuse_port = True
workers = 2
daemon = True
user = "nobody"
group = "nogroup"
pidfile = "/run/servers.pid"
