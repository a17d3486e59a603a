"""Every program that somebody starts: systemd, sshd, an engine, a person.

Each module is one program, with `main()`. `tool.sh` makes a server's programs of them. Two more are
called by `installer.sh`, as `python -m`: `pushdeploy.install.main` and `pushdeploy.demo.main`. What
runs as somebody else for a while, and has no name of its own, stays where its story is:
`build/builder.py` and `build/keeper.py` as the build user, `system/relay.py` as the app,
`system/supervisord_plugin.py` within supervisord.
"""
