"""What a tutorial leaves behind."""

bind = "0.0.0.0:9999"
reuse_port = True
workers = 2
